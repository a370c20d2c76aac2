import { ConfigError } from "../../errors.ts";
import type { Logger } from "../../logger.ts";

/** What a request says of the page that it comes from; that of a program says nothing. */
export interface PageHeaders {
  readonly origin: string | undefined;
  readonly host: string | undefined;
  /** `Sec-Fetch-Site`: a browser's own word, which no script can write. */
  readonly fetchSite: string | undefined;
}

/** So many sites are told of: each could otherwise have the log filled with names that it makes up. */
const MAX_TOLD = 100;

/** Which pages may use the API, whatever brings their requests. */
export interface Origins {
  /** Whether it is the origin of another site that may use the API. */
  isAllowed(origin: string | null | undefined): boolean;
  /**
   * Whether a request comes from a page that may use the API, or from no page at all. Logs each site
   * that may not once, with what to write to let it in.
   */
  letIn(headers: PageHeaders): boolean;
}

/**
 * The API's own pages may use it, and those of the origins given. Throws `ConfigError` for what is no
 * origin, and for `*`: allowed sites get answers to requests that carry their visitors' cookies.
 */
export function createOrigins(allowed: readonly string[], logger: Logger): Origins {
  allowed.forEach(checkOrigin);
  const told = new Set<string>();

  function tell(origin: string): void {
    if (told.has(origin) || told.size === MAX_TOLD) return;
    told.add(origin);
    const remedy =
      origin === "null"
        ? "such a page, of a file or a sandboxed frame, cannot be let in: serve it over HTTP"
        : `to let it in, write allowedOrigins: [${JSON.stringify(origin)}], or --origin ${origin}`;
    logger.warn({ origin }, `refused a page of another site: ${remedy}`);
  }

  const isAllowed: Origins["isAllowed"] = (origin) => origin != null && allowed.includes(origin);
  return {
    isAllowed,
    letIn({ origin, host, fetchSite }) {
      if (isAllowed(origin) || fetchSite === "same-origin") return true;
      // A browser tells the origin of all but plain GETs, such as those of images.
      if (origin === undefined) return fetchSite === undefined || fetchSite === "none";
      if (URL.canParse(origin) && new URL(origin).host === host) return true;
      tell(origin);
      return false;
    },
  };
}

/** What a refused page is told. */
export const FOREIGN_PAGE = "Pages of this site may not use the API; the server's log says more";

function checkOrigin(text: string): void {
  if (text === "*") {
    throw new ConfigError(
      'allowedOrigins cannot be "*": any page could then act for its visitor, with their cookies; name the sites, such as "https://app.example.com"',
    );
  }
  const { origin } = URL.canParse(text) ? new URL(text) : { origin: "null" };
  if (origin === text) return;
  const remedy = origin === "null" ? "one such as https://app.example.com" : origin;
  throw new ConfigError(
    `allowedOrigins: ${JSON.stringify(text)} is not an origin: write ${remedy}`,
  );
}
