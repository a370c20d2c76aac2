type Write = (text: string) => void;

/** The process's streams, for this command alone. */
export interface OwnStreams {
  readonly out: Write;
  readonly err: Write;
  /** Where everybody else's text goes; to stderr as long as nobody says. */
  redirect(to: Write): void;
  /** Resolves when what was written is on its way: the end of the process would not wait for it. */
  flush(): Promise<void>;
}

/**
 * Keeps stdout for what the command has to say. Graphs and what they import print as they like, and
 * that must neither get into a result that is piped on nor into the middle of a drawing.
 */
export function ownStreams(): OwnStreams {
  const out = process.stdout.write.bind(process.stdout);
  const err = process.stderr.write.bind(process.stderr);
  let redirected: Write = err;
  for (const stream of [process.stdout, process.stderr]) {
    stream.write = (chunk: string | Uint8Array, ...rest: readonly unknown[]) => {
      redirected(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString());
      const written = rest.at(-1);
      if (typeof written === "function") process.nextTick(written);
      return true;
    };
  }
  return {
    out,
    err,
    redirect: (to) => {
      redirected = to;
    },
    async flush() {
      for (const write of [out, err]) await new Promise((resolve) => write("", resolve));
    },
  };
}
