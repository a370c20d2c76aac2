/** For programs that talk to the API, in browsers too: it knows nothing of the server. */
export { received, type Received } from "./received.ts";
