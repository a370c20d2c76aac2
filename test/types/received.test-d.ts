import { describe, expectTypeOf, test } from "vitest";
import { received, type Received } from "../../src/client/index.ts";

interface Progress {
  readonly __typename: "ProgressEvent";
  readonly fraction: number | null;
}
interface Status {
  readonly __typename: "RunStatusEvent";
  readonly runStatus: "FAILED" | "SUCCEEDED";
}

describe("of the members of a generated union, an operation receives", () => {
  test("those of which it selects something, whatever the others are generated as", () => {
    expectTypeOf<Received<Progress | Status | { __typename: "NodeEvent" }>>().toEqualTypeOf<
      Progress | Status
    >();
    expectTypeOf<
      Received<Progress | { __typename?: "NodeEvent" } | { __typename?: "StateUpdate" }>
    >().toEqualTypeOf<Progress>();
    expectTypeOf<Received<Progress | {}>>().toEqualTypeOf<Progress>();
    expectTypeOf<Received<Progress | Record<PropertyKey, never>>>().toEqualTypeOf<Progress>();
  });

  test("those of which it selects something under a condition", () => {
    type Conditional = { __typename: "CitationEvent" } & { title?: string };
    expectTypeOf<
      Received<Conditional | { __typename: "NodeEvent" }>
    >().toEqualTypeOf<Conditional>();
  });

  test("those that it names by a masked fragment", () => {
    type Masked = { __typename: "ProgressEvent" } & {
      " $fragmentRefs"?: { ProgressFragment: { fraction: number } };
    };
    expectTypeOf<Received<Masked | { __typename: "NodeEvent" }>>().toEqualTypeOf<Masked>();
  });

  test("those that a masked fragment on the union names", () => {
    type Named = Progress & { " $fragmentName"?: "Any_ProgressEvent_Fragment" };
    type Other = { __typename: "NodeEvent" } & { " $fragmentName"?: "Any_NodeEvent_Fragment" };
    expectTypeOf<Received<Named | Other>>().toEqualTypeOf<Named>();
  });

  test("all of them when it names none", () => {
    type All = { __typename: "ProgressEvent" } | { __typename: "NodeEvent" };
    expectTypeOf<Received<All>>().toEqualTypeOf<All>();
    expectTypeOf<Received<All | undefined>>().toEqualTypeOf<All | undefined>();
  });
});

test("null and undefined are still to be told apart from an event", () => {
  expectTypeOf<Received<Progress | { __typename: "NodeEvent" } | null | undefined>>().toEqualTypeOf<
    Progress | null | undefined
  >();
});

test("an exhaustive switch names the events that the operation names, and no others", () => {
  const show = (data: { runWorkflow: Progress | Status | { __typename: "NodeEvent" } }) => {
    const event = received(data.runWorkflow);
    switch (event.__typename) {
      case "ProgressEvent":
        return event.fraction;
      case "RunStatusEvent":
        return event.runStatus;
      // @ts-expect-error not named by the operation
      case "NodeEvent":
        return null;
      default:
        return event satisfies never;
    }
  };
  expectTypeOf(show).returns.toEqualTypeOf<number | "FAILED" | "SUCCEEDED" | null>();
});

test("a `__typename` that may be absent asks to be selected before a switch is exhaustive", () => {
  const show = (
    union: { __typename?: "ProgressEvent"; fraction: number } | { __typename?: "Node" },
  ) => {
    const event = received(union);
    switch (event.__typename) {
      case "ProgressEvent":
        return event.fraction;
      default:
        // @ts-expect-error still an event whose type is not told
        return event satisfies never;
    }
  };
  expectTypeOf(show).toBeFunction();
});
