/**
 * The events that an operation receives: of the union that code generation makes of `runWorkflow` or
 * `workflowEvents`, the members that the operation names.
 *
 * Generated types list every event type, those that the operation does not name as
 * `{ __typename: "NodeEvent" }`, `{ __typename?: "NodeEvent" }` or `{}`. The server sends none of them,
 * so they are not here, and an exhaustive `switch` over `__typename` has a case for each event that comes:
 *
 * ```ts
 * function show(event: Received<ResearchSubscription["runWorkflow"]>) {
 *   switch (event.__typename) {
 *     case "ProgressEvent":
 *       return bar(event.fraction);
 *     case "CitationEvent":
 *       return link(event.url);
 *     default:
 *       return event satisfies never; // an event that the operation names, and no case does
 *   }
 * }
 * ```
 *
 * Select `__typename`, to switch over it, and at least one field of each event: a type named by
 * `{ __typename }` alone looks like one that is not named, and is left out (select `seq` as well). An
 * operation that names no type receives all of them, and here they all stay. Named fragments count,
 * masked or not. With the argument `only`, ask for the types that the operation names. Not for
 * `Run.events`, which without `only` has all events.
 */
export type Received<Event> = [Named<NonNullable<Event>>] extends [never] ? Event : Named<Event>;

/** Returns `event` as it is, typed as what the operation receives; see {@link Received}. */
export function received<Event>(event: Event): Received<Event> {
  return event as Received<Event>;
}

type Named<Event> = Event extends object
  ? [Selected<Event>] extends [never]
    ? never
    : Event
  : Event;

/** The keys that an operation selected; `string` among them is the `Record<PropertyKey, never>` of `{}`. */
type Selected<Event> = string extends keyof Event
  ? never
  : Exclude<keyof Event, "__typename" | FragmentName>;

/** What the client preset adds to the type of a masked fragment. */
type FragmentName = " $fragmentName";
