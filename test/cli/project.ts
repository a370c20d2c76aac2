import { cp, mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_MODULES = fileURLToPath(new URL("../../node_modules", import.meta.url));

/** The content of files, by path; what is no text is written as JSON. */
export type Files = Readonly<Record<string, string | object>>;

/** Somebody's project, in a folder of its own. Dispose of it to remove it. */
export interface Project extends AsyncDisposable {
  readonly folder: string;
  write(files: Files): Promise<void>;
}

/** A project of ES modules in which our packages are installed. */
export async function createProject(files: Files): Promise<Project> {
  const project = await createBareProject({ "package.json": { type: "module" }, ...files });
  await symlink(NODE_MODULES, join(project.folder, "node_modules"));
  return project;
}

/** A project in which nothing is installed. */
export async function createBareProject(files: Files): Promise<Project> {
  // Node names modules by their real paths.
  const folder = await realpath(await mkdtemp(join(tmpdir(), "project-")));
  const write = async (written: Files): Promise<void> => {
    for (const [name, content] of Object.entries(written)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      const text = typeof content === "string" ? content : JSON.stringify(content);
      await writeFile(join(folder, name), text);
    }
  };
  await write(files);
  return { folder, write, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

/** A project with copies of its own of some packages: their names there → their names here. */
export async function createProjectWithCopies(
  files: Files,
  copies: Readonly<Record<string, string>>,
): Promise<Project> {
  const project = await createBareProject({ "package.json": { type: "module" }, ...files });
  const modules = join(project.folder, "node_modules");
  for (const [name, origin] of Object.entries(copies)) {
    await cp(join(NODE_MODULES, origin), join(modules, name), { recursive: true });
  }
  // What they need themselves.
  for (const name of await packagesIn(NODE_MODULES)) {
    if (name.startsWith("@langchain/")) continue;
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(NODE_MODULES, name), join(modules, name));
  }
  return project;
}

async function packagesIn(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith("."));
  const scoped = names
    .filter((name) => name.startsWith("@"))
    .map(async (scope) => (await readdir(join(folder, scope))).map((name) => `${scope}/${name}`));
  const unscoped = names.filter((name) => !name.startsWith("@"));
  return [...unscoped, ...(await Promise.all(scoped)).flat()];
}
