// LangGraph's own development server, without its command line. Arguments: a folder for its files.
import { startServer } from "@langchain/langgraph-api/server";

const graphs = ["story", "brief", "failing", "endless", "asking", "slow"];
const { host } = await startServer({
  port: 0,
  host: "localhost",
  nWorkers: 10,
  cwd: process.argv[2],
  graphs: Object.fromEntries(
    graphs.map((name) => [name, `${import.meta.dirname}/graphs.mjs:${name}`]),
  ),
});
console.log(`LangGraph serves ${host}`);
