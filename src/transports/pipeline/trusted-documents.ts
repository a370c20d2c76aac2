import { GraphQLError } from "graphql";
import type { Plugin } from "graphql-yoga";
import { ConfigError, ForbiddenError, PersistedQueryNotFoundError } from "../../errors.ts";
import { requestState } from "./request-state.ts";
import type { TrustedDocuments } from "./trusted-documents-option.ts";

/**
 * Puts the document in the place of its id, whatever brought the operation, and refuses others:
 * `PERSISTED_QUERY_NOT_FOUND`, which has Apollo Client and urql send the document itself, and
 * `FORBIDDEN` where that may not be.
 */
export function useTrustedDocuments({ documents, only = true }: TrustedDocuments): Plugin {
  const find = typeof documents === "function" ? documents : finder(documents);
  return {
    async onParams({ request, params, setParams }) {
      if (requestState(request).isStreamEndpoint) return;
      const id = idIn(params.extensions);
      const document = id === undefined ? undefined : await find(id);
      if (document != null) return setParams({ ...params, query: document });
      const hasText = params.query != null && params.query !== "";
      if (id !== undefined && !hasText) throw refusal(new PersistedQueryNotFoundError(id), 200);
      if (only) throw refusal(new ForbiddenError(ONLY_TRUSTED), 403);
    },
  };
}

const ONLY_TRUSTED =
  "Only trusted documents are executed here: send the id of one as extensions.persistedQuery.sha256Hash";

/** Throws `ConfigError` unless it is a record of documents. */
function finder(documents: Readonly<Record<string, string>>) {
  const wrong = Object.entries(documents).find(([, text]) => typeof text !== "string");
  if (wrong) throw new ConfigError(`The trusted document ${wrong[0]} is not a string`);
  return (id: string) => (Object.hasOwn(documents, id) ? documents[id] : undefined);
}

function idIn(extensions: unknown): string | undefined {
  const { persistedQuery } = (extensions ?? {}) as { readonly persistedQuery?: unknown };
  const { sha256Hash } = (persistedQuery ?? {}) as { readonly sha256Hash?: unknown };
  return typeof sha256Hash === "string" ? sha256Hash : undefined;
}

/** Yoga's HTTP side takes the status from the extensions; it would say 500 of what a plugin throws. */
function refusal(error: ForbiddenError | PersistedQueryNotFoundError, status: number) {
  const extensions = { ...error.extensions, http: { status } };
  return new GraphQLError(error.message, { originalError: error, extensions });
}
