import { EventEmitter, once } from "node:events";

const open = new Set<string>();
const openings = new EventEmitter().setMaxListeners(0);

/** Resolves once the gate is open; it stays open. */
export async function opened(gate: string): Promise<void> {
  if (!open.has(gate)) await once(openings, gate);
}

export function openGate(gate: string): void {
  open.add(gate);
  openings.emit(gate);
}
