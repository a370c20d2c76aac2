import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

test.skipIf(process.platform === "win32")(
  "the built command line can be executed, by a link as well",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "bin-"));
    try {
      const link = join(folder, "langgraph-graphql");
      await symlink(MAIN, link);
      const { stdout } = await promisify(execFile)(link, ["--version"]);
      expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);
