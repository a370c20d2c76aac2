import type { ReactNode } from "react";

/** What is around every page. `extra` stands in its head. */
export function Shell({
  client,
  extra,
  children,
}: {
  readonly client: string;
  readonly extra?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <div className="shell">
      <header className="masthead">
        <span className="mark" aria-hidden="true" />
        <span className="brand">
          langgraph-graphql <span className="muted">with {client}</span>
        </span>
        {extra}
      </header>
      <main>{children}</main>
    </div>
  );
}
