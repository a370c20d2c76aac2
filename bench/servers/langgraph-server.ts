import { fileURLToPath } from "node:url";
import { startServer } from "@langchain/langgraph-api/server";
import { answer, optionsOfChild } from "../support/child.ts";

/** LangGraph's own development server, without its command line. */
const { folder } = optionsOfChild<{ readonly folder: string }>();
const { host } = await startServer({
  port: 0,
  host: "127.0.0.1",
  nWorkers: 10,
  cwd: folder,
  graphs: { write: `${fileURLToPath(new URL("../graph.ts", import.meta.url))}:graph` },
});
answer(`http://${host}/runs/stream`);
