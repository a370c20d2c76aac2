/** Bounds of what it may take to find out who asks, and whether they may. */
export interface AccessLimits {
  /**
   * Milliseconds that `authenticate` and `authorize` may take, each time they are asked; longer, and who
   * asks is refused with `ACCESS_TIMEOUT`, over WebSocket with close code 1013. @default 10_000
   */
  readonly accessTimeoutMs: number;
}

export const DEFAULT_ACCESS_LIMITS: AccessLimits = { accessTimeoutMs: 10_000 };
