import { createHash } from "node:crypto";
import { resolveRef, type JsonSchema } from "../../workflows/json-schema.ts";

/** What Zod calls the schemas that it has to name itself. */
const MADE_UP_NAME = /^__/;

/** The `$ref`s of one JSON Schema. */
export class References {
  readonly #root: JsonSchema;
  readonly #texts = new Map<JsonSchema, string>();

  constructor(root: JsonSchema) {
    this.#root = root;
  }

  /** The schema itself, or what it points at. */
  readonly follow = (schema: JsonSchema): JsonSchema =>
    schema.$ref === undefined ? schema : resolveRef(schema, this.#root);

  /** The name that its author gave to what a schema points at. */
  idOf({ $ref }: JsonSchema): string | undefined {
    const [, name] = /^#\/\$defs\/([^/]+)$/.exec($ref ?? "") ?? [];
    return name === undefined || MADE_UP_NAME.test(name) ? undefined : name;
  }

  /** Equal for schemas that are alike with all that they point at, whatever document they are in. */
  fingerprint(schema: JsonSchema): string {
    const reached = new Map<JsonSchema, number>([[schema, 0]]);
    const hash = createHash("sha256");
    // A map grows while it is read, and then is read further.
    for (const part of reached.keys()) {
      const text = this.#textOf(part).replaceAll(/"\$ref":"([^"]*)"/g, (_match, $ref: string) => {
        const target = this.follow({ $ref });
        if (!reached.has(target)) reached.set(target, reached.size);
        return `"$ref":[${reached.get(target)},${JSON.stringify(this.idOf({ $ref }))}]`;
      });
      hash.update(text);
    }
    return hash.digest("base64url");
  }

  #textOf(schema: JsonSchema): string {
    const known = this.#texts.get(schema);
    if (known !== undefined) return known;
    const { $defs: _elsewhere, ...rest } = schema;
    const text = JSON.stringify(rest);
    this.#texts.set(schema, text);
    return text;
  }
}
