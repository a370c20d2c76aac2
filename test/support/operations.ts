import { readdir, readFile } from "node:fs/promises";

const FOLDER = new URL("../../schema/operations/", import.meta.url);

/** The example operations that GraphiQL opens with. */
export async function readOperations(): Promise<
  readonly { readonly name: string; readonly text: string }[]
> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith(".graphql"));
  return Promise.all(
    names.map(async (name) => ({ name, text: await readFile(new URL(name, FOLDER), "utf8") })),
  );
}
