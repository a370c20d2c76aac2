/** Bounds of what clients may ask for. All are positive whole numbers; one that is off is as high as it can be. */
export interface TransportLimits {
  /** How deep fields may be nested in an operation; fragments add nothing. @default 8 */
  readonly maxDepth: number;
  /** Aliases in an operation. @default 15 */
  readonly maxAliases: number;
  /** Directives in an operation. @default 20 */
  readonly maxDirectives: number;
  /** Tokens in a document: names, punctuators, values. @default 1_000 */
  readonly maxTokens: number;
  /**
   * What an operation may cost: 1 for each field that is a value, 2 for each that is an object and for
   * each fragment, and what is selected of a page times its `first`. @default 10_000
   */
  readonly maxCost: number;
  /** Bytes of the body of an HTTP request; one with more is answered with 413. @default 1_048_576 (1 MiB) */
  readonly maxBodyBytes: number;
  /** Bytes of a message on a WebSocket; one with more closes it, with 1009. @default 262_144 (256 KiB) */
  readonly maxMessageBytes: number;
  /** Milliseconds until a WebSocket must have said `connection_init`; else it is closed with 4408. @default 3_000 */
  readonly connectionInitTimeoutMs: number;
  /** Subscriptions that are open at a time on one WebSocket. @default 20 */
  readonly maxSubscriptionsPerSocket: number;
  /**
   * Subscriptions that a viewer has open at a time on all transports of this process together. Those of
   * nobody (`viewer: null`) are not bound by it. @default 100
   */
  readonly maxSubscriptionsPerViewer: number;
  /** WebSockets that a viewer has open at a time on this process; one more is closed with 1013. @default 10 */
  readonly maxSocketsPerViewer: number;
  /**
   * Milliseconds in which a watcher takes nothing of what waits for it, and then is cut off: its
   * connection ends, and its client comes back with its cursor. @default 30_000
   */
  readonly writeTimeoutMs: number;
}

export const DEFAULT_TRANSPORT_LIMITS: TransportLimits = {
  maxDepth: 8,
  maxAliases: 15,
  maxDirectives: 20,
  maxTokens: 1_000,
  maxCost: 10_000,
  maxBodyBytes: 1024 * 1024,
  maxMessageBytes: 256 * 1024,
  connectionInitTimeoutMs: 3_000,
  maxSubscriptionsPerSocket: 20,
  maxSubscriptionsPerViewer: 100,
  maxSocketsPerViewer: 10,
  writeTimeoutMs: 30_000,
};
