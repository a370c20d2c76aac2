/** The first byte of an unfragmented text message. */
const TEXT = 0x81;

/** Lengths up to here stand in the second byte; longer ones follow it, in two bytes or in eight. */
const MAX_SHORT = 125;
const MAX_MEDIUM = 0xffff;

/**
 * Text messages as a server puts them on a WebSocket (RFC 6455 §5.2), one after the other: each is
 * `head`, one of `bodies`, and `tail`, which are UTF-8.
 */
export function textMessages(head: Buffer, bodies: readonly Buffer[], tail: Buffer): Buffer {
  const around = head.length + tail.length;
  let size = 0;
  for (const { length } of bodies) size += headerSize(around + length) + around + length;
  const messages = Buffer.allocUnsafe(size);
  let at = 0;
  for (const body of bodies) {
    at = writeHeader(messages, at, around + body.length);
    messages.set(head, at);
    messages.set(body, at + head.length);
    messages.set(tail, at + head.length + body.length);
    at += around + body.length;
  }
  return messages;
}

function headerSize(length: number): number {
  if (length <= MAX_SHORT) return 2;
  return length <= MAX_MEDIUM ? 4 : 10;
}

/** Returns the position after it. */
function writeHeader(target: Buffer, at: number, length: number): number {
  target[at] = TEXT;
  if (length <= MAX_SHORT) {
    target[at + 1] = length;
  } else if (length <= MAX_MEDIUM) {
    target[at + 1] = 126;
    target.writeUInt16BE(length, at + 2);
  } else {
    target[at + 1] = 127;
    target.writeBigUInt64BE(BigInt(length), at + 2);
  }
  return at + headerSize(length);
}
