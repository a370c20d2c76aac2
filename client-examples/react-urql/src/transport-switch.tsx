import type { Transport } from "./connections.ts";

const TRANSPORTS: readonly (readonly [Transport, string])[] = [
  ["websocket", "WebSocket"],
  ["sse", "SSE"],
];

/** Chooses how events come. */
export function TransportSwitch(props: {
  readonly transport: Transport;
  readonly onChange: (transport: Transport) => void;
}) {
  return (
    <fieldset className="switch">
      <legend className="hidden">Transport</legend>
      {TRANSPORTS.map(([transport, label]) => (
        <label key={transport}>
          <input
            type="radio"
            name="transport"
            checked={transport === props.transport}
            onChange={() => props.onChange(transport)}
          />
          {label}
        </label>
      ))}
    </fieldset>
  );
}
