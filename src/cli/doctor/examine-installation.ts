import { ok, problem, problemOf, type Finding } from "./check.ts";

/**
 * Looks at what is installed, and has the project's own LangGraph be used from then on: nothing of ours
 * that imports it may have been loaded. Ends at the first problem.
 */
export async function* examineInstallation(config: string): AsyncGenerator<Finding, void> {
  const node = examineNode();
  yield node;
  if (node.verdict !== "problem") yield await examinePackages(config);
}

function examineNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return major > 20 || (major === 20 && minor >= 19)
    ? ok("Node", process.version)
    : problem("Node", `${process.version} is too old: install 20.19 or newer`);
}

async function examinePackages(config: string): Promise<Finding> {
  const { useProjectCopies } = await import("../../config/project-copies.ts");
  try {
    await useProjectCopies(config);
    return ok("packages", "the project's own LangGraph is used");
  } catch (error) {
    return problemOf("packages", error);
  }
}
