import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      // Vitest inlines `import "graphql"` from index.mjs while Yoga and Pothos load index.js: two
      // copies of graphql in one process, and `instanceof GraphQLSchema` is false.
      { find: /^graphql$/, replacement: "graphql/index.js" },
      { find: /^langgraph-graphql$/, replacement: source("src/index.ts") },
      {
        find: /^langgraph-graphql\/(sqlite|postgres|redis)$/,
        replacement: source("src/backends/$1/index.ts"),
      },
      { find: /^langgraph-graphql\/(\w+)$/, replacement: source("src/$1/index.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    // All cores: much of the time is spent waiting for processes, sockets and leases.
    maxWorkers: "100%",
    testTimeout: 60_000,
    hookTimeout: 60_000,
    typecheck: { enabled: true, include: ["test/types/**/*.test-d.ts"], tsconfig: "tsconfig.json" },
  },
});
