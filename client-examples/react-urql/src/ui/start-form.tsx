import { useState, type SubmitEvent, type ReactNode } from "react";
import type { WorkflowInput } from "../gql/graphql.ts";
import { ProblemNote } from "./problem-note.tsx";
import type { Problem } from "./problem.ts";

/** One of the workflows that the page can start: its fields, and the input that they make. */
interface WorkflowForm {
  readonly title: string;
  readonly about: string;
  readonly fields: ReactNode;
  readonly read: (form: FormData) => { readonly input: WorkflowInput; readonly subject: string };
}

const WORKFLOWS: Readonly<Record<string, WorkflowForm>> = {
  research: {
    title: "Research",
    about: "Looks into topics in parallel",
    fields: (
      <>
        <Field name="topics" label="Topics" hint="Separated by commas; each is a task of its own.">
          <input
            id="topics"
            name="topics"
            aria-describedby="topics-hint"
            defaultValue="tides, sand, dunes"
            required
          />
        </Field>
        <div className="pair">
          <Field name="depth" label="Depth">
            <select id="depth" name="depth" defaultValue="STUDY">
              <option value="SKIM">Skim</option>
              <option value="STUDY">Study</option>
            </select>
          </Field>
          <Field name="sources" label="Sources per topic">
            <input
              id="sources"
              name="sources"
              type="number"
              min={1}
              max={5}
              defaultValue={3}
              required
            />
          </Field>
        </div>
      </>
    ),
    read(form) {
      const topics = listOf(form, "topics");
      const depth = text(form, "depth") === "SKIM" ? "SKIM" : "STUDY";
      const input = { topics, depth, sourcesPerTopic: Number(text(form, "sources")) } as const;
      return { input: { research: input }, subject: topics.join(", ") };
    },
  },
  report: {
    title: "Report",
    about: "Works through a list",
    fields: (
      <Field
        name="items"
        label="Items"
        hint="Separated by commas; worked through one after the other."
      >
        <input
          id="items"
          name="items"
          aria-describedby="items-hint"
          defaultValue="apples, bread, cheese, dates, eggs, figs"
          required
        />
      </Field>
    ),
    read(form) {
      const items = listOf(form, "items");
      return { input: { report: { items } }, subject: items.join(", ") };
    },
  },
  approval: {
    title: "Approval",
    about: "Waits for a person",
    fields: (
      <Field name="request" label="Request" hint="What somebody wants to be allowed.">
        <input
          id="request"
          name="request"
          aria-describedby="request-hint"
          defaultValue="Two days off in May"
          required
        />
      </Field>
    ),
    read(form) {
      const request = text(form, "request");
      return { input: { approval: { request } }, subject: request };
    },
  },
};

export interface StartFormProps {
  readonly isBusy: boolean;
  readonly problem: Problem | null;
  readonly onStart: (input: WorkflowInput, title: string) => void;
}

/** Chooses a workflow, and asks for its input. */
export function StartForm({ isBusy, problem, onStart }: StartFormProps) {
  const [name, setName] = useState("research");
  const chosen = WORKFLOWS[name];

  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (!chosen) return;
    const { input, subject } = chosen.read(new FormData(event.currentTarget));
    onStart(input, `${chosen.title}: ${subject}`);
  };

  return (
    <form className="card stack" onSubmit={submit}>
      <h1>Start a run</h1>
      <fieldset className="choices">
        <legend>Workflow</legend>
        {Object.entries(WORKFLOWS).map(([key, { title, about }]) => (
          <label key={key} className="choice">
            <input
              type="radio"
              name="workflow"
              value={key}
              checked={key === name}
              onChange={() => setName(key)}
            />
            <strong>{title}</strong>
            <span className="muted">{about}</span>
          </label>
        ))}
      </fieldset>
      <div className="stack" key={name}>
        {chosen?.fields}
      </div>
      {problem && <ProblemNote problem={problem} />}
      <div className="actions">
        <button className="button primary" disabled={isBusy}>
          {isBusy ? "Starting…" : "Start run"}
        </button>
      </div>
    </form>
  );
}

/** A label, the control whose `id` is `name`, and a hint that it may refer to. */
function Field(props: {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly children: ReactNode;
}) {
  return (
    <div className="field">
      <label className="label" htmlFor={props.name}>
        {props.label}
      </label>
      {props.children}
      {props.hint !== undefined && (
        <span className="hint" id={`${props.name}-hint`}>
          {props.hint}
        </span>
      )}
    </div>
  );
}

function text(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value.trim() : "";
}

function listOf(form: FormData, name: string): string[] {
  const items = text(form, name).split(",");
  return items.map((item) => item.trim()).filter((item) => item !== "");
}
