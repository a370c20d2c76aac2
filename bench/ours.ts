import { pino } from "pino";
import { serve } from "../dist/server/index.js";
import { createService } from "../dist/index.js";
import { graph } from "./graph.ts";

const service = createService({ workflows: { write: graph }, logger: pino({ level: "silent" }) });
const { url } = await serve({ service, port: 0, graphiql: false });
process.send?.(url.replace("http", "ws"));
