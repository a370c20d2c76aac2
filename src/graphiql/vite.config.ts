import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** Builds the GraphiQL page into `dist/graphiql`, where `src/server/graphiql.ts` finds it. */
export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  // Every asset is named relative to the file that asks for it, so that the page works under any
  // endpoint; the server only has to rewrite the few addresses in index.html.
  base: "./",
  plugins: [react()],
  build: {
    outDir: fileURLToPath(new URL("../../dist/graphiql", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    // "use no memo" speaks to React's compiler, which has already run over these packages.
    rolldownOptions: { checks: { moduleLevelDirective: false } },
    // Monaco is one big library, and the page is served from the same machine or network.
    chunkSizeWarningLimit: 4_000,
    // The page carries other people's code: their licences ship with it.
    license: { fileName: "licenses.md" },
  },
});
