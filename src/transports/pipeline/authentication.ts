import type { GraphQLError } from "graphql";
import type { Plugin } from "graphql-yoga";
import { bearerOf, type Authenticator, type Credentials } from "../../access/authenticate.ts";
import { httpStatusOf } from "../http/http-status.ts";
import { requestState } from "./request-state.ts";

/**
 * Finds out who makes each HTTP request, before anything else is done with it. Whoever is refused gets
 * a status, and what GraphQL clients understand.
 */
export function useAuthentication(
  authenticate: Authenticator,
  present: (error: unknown) => GraphQLError,
): Plugin {
  return {
    async onRequest({ request, url, fetchAPI, endResponse }) {
      // A browser asks on behalf of a page whether it may ask: it shows nothing of who it is.
      if (request.method === "OPTIONS") return;
      try {
        requestState(request).caller = await authenticate(
          credentialsOf(request.headers),
          request.method === "GET" ? url.searchParams.get("token") : null,
        );
      } catch (error) {
        const errors = [present(error)];
        const status = httpStatusOf(errors);
        const headers: HeadersInit = status === 401 ? { "www-authenticate": "Bearer" } : {};
        endResponse(fetchAPI.Response.json({ errors }, { status, headers }));
      }
    },
  };
}

/** What headers show, and on a WebSocket the payload of `connection_init`. */
export function credentialsOf(
  headers: Headers,
  connectionParams?: Readonly<Record<string, unknown>>,
): Credentials {
  const given = connectionParams?.["authorization"] ?? connectionParams?.["Authorization"];
  const token = bearerOf(given ?? headers.get("authorization"));
  return { token, headers, ...(connectionParams && { connectionParams }) };
}
