import { createServer } from "node:http";
import { createHandler } from "graphql-sse/lib/use/http";
import { answer } from "../support/child.ts";
import { listen } from "../support/listen.ts";
import { plainSchema } from "../support/plain-schema.ts";

/** graphql-sse's handler, with graphql-js. */
const handle = createHandler({ schema: plainSchema });
answer(await listen(createServer((request, response) => void handle(request, response))));
