import type { Operation } from "./http.ts";

/** A subscription as Apollo's clients ask for it over plain HTTP. */
export function postMultipart(url: string, operation: Operation): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "multipart/mixed;subscriptionSpec=1.0",
    },
    body: JSON.stringify(operation),
  });
}

/** What is in the whole parts of an answer, as far as it has come, without heartbeats. */
export function partsOf(text: string): readonly unknown[] {
  return text
    .split("\r\n--graphql")
    .slice(0, -1)
    .map((part) => part.split("\r\n\r\n").slice(1).join("\r\n\r\n"))
    .filter((json) => json.startsWith("{") && json !== "{}")
    .map((json) => JSON.parse(json) as unknown);
}
