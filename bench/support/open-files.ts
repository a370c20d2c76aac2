interface Report {
  readonly userLimits?: Readonly<Record<string, { readonly soft: number | "unlimited" }>>;
}

/** Throws when this user may not have so many sockets open in one process. */
export function requireOpenFiles(sockets: number): void {
  const { userLimits } = process.report.getReport() as Report;
  const limit = userLimits?.["open_files"]?.soft ?? "unlimited";
  const needed = sockets + 200;
  if (limit === "unlimited" || limit >= needed) return;
  throw new Error(
    `${sockets} sockets need ${needed} open files, and this user may have ${limit}: ulimit -n ${needed}`,
  );
}
