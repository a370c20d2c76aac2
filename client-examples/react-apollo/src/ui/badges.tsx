import type { ConnectionState, RunStatus } from "langgraph-graphql/client";

const STATUS: Readonly<Record<RunStatus, string>> = {
  QUEUED: "Queued",
  RUNNING: "Running",
  INTERRUPTED: "Waiting for you",
  SUCCEEDED: "Succeeded",
  FAILED: "Failed",
  CANCELLED: "Cancelled",
};

export function StatusBadge({ status }: { readonly status: RunStatus | null }) {
  if (status === null) return null;
  return (
    <span className="badge" data-status={status}>
      {STATUS[status]}
    </span>
  );
}

const CONNECTION: Readonly<Partial<Record<ConnectionState, string>>> = {
  connecting: "Connecting…",
  live: "Live",
  reconnecting: "Reconnecting…",
  failed: "Disconnected",
};

/** What becomes of the connection; nothing once there is nothing more to come. */
export function ConnectionBadge({ connection }: { readonly connection: ConnectionState }) {
  const text = CONNECTION[connection];
  if (text === undefined) return null;
  return (
    <span className="badge badge-dot" data-connection={connection}>
      {text}
    </span>
  );
}
