import type { CodegenConfig } from "@graphql-codegen/cli";

// Types of the operations, and the operations as typed documents. In a project of your own, have both
// files beside it: `langgraph-graphql schema --out schema.graphql` writes the first.
const config: CodegenConfig = {
  schema: "../../schema/example.graphql",
  documents: "../../schema/operations/clients/watch-run.graphql",
  generates: {
    "./src/gql/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        useTypeImports: true,
        scalars: { Cursor: "string", DateTime: "string", JSON: "unknown" },
      },
    },
  },
};
export default config;
