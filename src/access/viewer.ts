/** Somebody whom the service knows. Runs and threads belong to one, and nobody else sees them. */
export interface Viewer {
  /** Unique within the tenant, and the same for ever: 1 to 255 characters. */
  readonly id: string;
  /** The organisation that the viewer asks for. The same id in another tenant is another viewer. */
  readonly tenant?: string | undefined;
  /** For `authorize` to go by. Not kept with what belongs to the viewer. */
  readonly permissions?: readonly string[] | undefined;
}

/**
 * What is kept of whoever a run belongs to: the viewer's id, or id and tenant as a JSON list. No two
 * viewers have the same. Throws `TypeError` for an id or a tenant that is none, so that a hook which
 * forgot to fill one in makes nobody the owner of everything.
 */
export function ownerOf({ id, tenant }: Viewer): string {
  check("id", id);
  if (tenant !== undefined) {
    check("tenant", tenant);
    return JSON.stringify([tenant, id]);
  }
  return id.startsWith("[") ? JSON.stringify([id]) : id;
}

/** Reads {@link ownerOf} back. */
export function viewerOf(owner: string): Viewer {
  if (!owner.startsWith("[")) return { id: owner };
  const [first = "", id] = JSON.parse(owner) as readonly string[];
  return id === undefined ? { id: first } : { id, tenant: first };
}

function check(name: "id" | "tenant", value: unknown): void {
  if (typeof value === "string" && TEXT.test(value)) return;
  throw new TypeError(
    `The ${name} of a viewer must have 1 to 255 characters, none of them control characters`,
  );
}

/** Databases have no room for a NUL, nor for half a surrogate pair, which would become any other. */
const TEXT = /^[^\p{Cc}\p{Cs}]{1,255}$/u;
