/**
 * What about the settings of Redis would lose runs, each with the line to write. Takes what `INFO`
 * answers.
 */
export function diagnoseInfo(info: string): readonly string[] {
  const settings = new Map(
    info.split("\r\n").map((line) => {
      const [name = "", ...value] = line.split(":");
      return [name, value.join(":")];
    }),
  );
  const problems: string[] = [];
  const policy = settings.get("maxmemory_policy");
  if (policy !== undefined && policy !== "noeviction") {
    problems.push(
      `Redis may drop runs when its memory is full (maxmemory-policy is ${policy}): CONFIG SET maxmemory-policy noeviction`,
    );
  }
  if (settings.get("aof_enabled") === "0") {
    problems.push(
      "Redis loses what was stored since its last snapshot when it stops (appendonly is no): CONFIG SET appendonly yes",
    );
  }
  return problems;
}

/** The first number of the version of Redis that `INFO` tells; 0 if it does not. */
export function majorVersion(info: string): number {
  return Number(/^redis_version:(\d+)/m.exec(info)?.[1] ?? 0);
}
