import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const api = new URL(process.env["API_URL"] ?? "http://localhost:4000/graphql");

// The page and the API are of one origin, as they are behind a proxy in production: the server need
// not allow another.
const proxy = { "/graphql": { target: api.origin, ws: true, rewrite: () => api.pathname } };

export default defineConfig({
  plugins: [react()],
  server: { proxy },
  preview: { proxy },
});
