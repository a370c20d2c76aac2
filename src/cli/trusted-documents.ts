import { readFileSync } from "node:fs";
import { ConfigError } from "../errors.ts";

/** The documents of a file, by id. Throws `ConfigError`. */
export function readTrustedDocuments(file: string): Readonly<Record<string, string>> {
  const documents = parse(file);
  if (typeof documents === "object" && documents !== null && !Array.isArray(documents)) {
    return documents as Readonly<Record<string, string>>;
  }
  throw new ConfigError(`${file} must be a JSON object of documents by id`);
}

function parse(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new ConfigError(
      `${file} cannot be read: --trusted-documents wants JSON, such as the client preset's persisted-documents.json`,
      { cause: error },
    );
  }
}
