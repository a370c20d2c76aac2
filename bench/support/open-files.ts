interface Report {
  readonly userLimits?: Readonly<Record<string, { readonly soft: number | "unlimited" }>>;
}

/** How many files and sockets a process of this user may have open: `ulimit -n`. */
export function openFilesLimit(): number | "unlimited" {
  const { userLimits } = process.report.getReport() as Report;
  return userLimits?.["open_files"]?.soft ?? "unlimited";
}

/** Throws when this user may not have so many sockets open in one process. */
export function requireOpenFiles(sockets: number): void {
  const limit = openFilesLimit();
  const needed = sockets + 200;
  if (limit === "unlimited" || limit >= needed) return;
  throw new Error(
    `${sockets} sockets need ${needed} open files, and this user may have ${limit}: ulimit -n ${needed}`,
  );
}
