/** What the service writes its log to: the part of pino's interface that it uses. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * What a pino logger is to leave out, wherever it comes from: what errors of HTTP clients carry along.
 * We log no headers ourselves.
 */
export const SECRETS: readonly string[] = [
  "authorization",
  "Authorization",
  "cookie",
  "apiKey",
].flatMap((name) => [name, `*.${name}`, `*.*.${name}`, `*.*.*.${name}`]);

/** The same logger, except that what it throws is lost: a log line never decides how a run ends. */
export function unfailing(logger: Logger): Logger {
  const on =
    (level: keyof Logger) =>
    (fields: object, message: string): void => {
      try {
        logger[level](fields, message);
      } catch {
        // There is nowhere left to tell.
      }
    };
  return { debug: on("debug"), info: on("info"), warn: on("warn"), error: on("error") };
}
