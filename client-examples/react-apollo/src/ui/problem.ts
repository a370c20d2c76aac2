/** Something that went wrong: `code` is the API's own, and `problems` tell what is wrong in an input. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly problems?: readonly { readonly path: readonly string[]; readonly message: string }[];
}
