import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  // Of your own server: what `npx langgraph-graphql schema --out schema.graphql` writes.
  schema: "../../schema/example.graphql",
  documents: "src/*.ts",
  importExtension: ".js",
  generates: {
    "./src/gql/": {
      preset: "client",
      presetConfig: {
        fragmentMasking: false,
        // Writes `persisted-documents.json`, for the server, and each document's id into the code.
        persistedDocuments: true,
      },
      config: {
        documentMode: "string",
        useTypeImports: true,
        scalars: { Cursor: "string", DateTime: "string", JSON: "unknown" },
      },
    },
  },
};
export default config;
