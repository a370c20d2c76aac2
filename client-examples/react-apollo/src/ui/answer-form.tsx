import { useId, useState, type SubmitEvent } from "react";
import type { Interrupt } from "./run.ts";

/** As much of a JSON Schema as a form can be made of. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

export interface AnswerFormProps {
  readonly interrupt: Interrupt;
  readonly isBusy: boolean;
  readonly onAnswer: (value: unknown) => void;
}

/** A question of the run, with a form made of the JSON Schema of its answer. */
export function AnswerForm({ interrupt, isBusy, onAnswer }: AnswerFormProps) {
  const schema = (interrupt.responseSchema ?? {}) as Schema;
  const fields = Object.entries(schema.properties ?? { "": schema });
  const [isWrong, setIsWrong] = useState(false);

  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    try {
      const values = fields.map(([name, field]) => [name, valueOf(form.get(name), field)] as const);
      const given = values.filter(([, value]) => value !== undefined);
      onAnswer(schema.properties ? Object.fromEntries(given) : given[0]?.[1]);
      setIsWrong(false);
    } catch {
      setIsWrong(true);
    }
  };

  return (
    <form className="card ask stack" onSubmit={submit} aria-label="Answer">
      <Question value={interrupt.value} />
      {fields.map(([name, field]) => (
        <AnswerField
          key={name}
          name={name}
          field={field}
          isRequired={schema.required?.includes(name) ?? !schema.properties}
        />
      ))}
      {isWrong && <p role="alert">What is no plain text must be JSON.</p>}
      <div className="actions">
        <button className="button primary" disabled={isBusy}>
          {isBusy ? "Sending…" : "Send answer"}
        </button>
      </div>
    </form>
  );
}

function Question({ value }: { readonly value: unknown }) {
  if (typeof value !== "object" || value === null) return <h2>{String(value)}</h2>;
  const { question, ...rest } = value as Readonly<Record<string, unknown>>;
  return (
    <div>
      <h2>{typeof question === "string" ? question : "An answer is needed"}</h2>
      {Object.entries(rest).map(([name, part]) => (
        <p key={name} className="quote">
          {typeof part === "string" ? part : JSON.stringify(part)}
        </p>
      ))}
    </div>
  );
}

function AnswerField(props: {
  readonly name: string;
  readonly field: Schema;
  readonly isRequired: boolean;
}) {
  const { name, field, isRequired } = props;
  const id = useId();
  const label = name === "" ? "Answer" : name.replace(/^./, (first) => first.toUpperCase());
  if (field.type === "boolean") {
    return (
      <fieldset className="choices choices-small">
        <legend>{field.description ?? label}</legend>
        {["Yes", "No"].map((choice) => (
          <label key={choice} className="choice">
            <input
              type="radio"
              name={name}
              value={String(choice === "Yes")}
              required={isRequired}
            />
            <strong>{choice}</strong>
          </label>
        ))}
      </fieldset>
    );
  }
  return (
    <div className="field">
      <label className="label" htmlFor={id}>
        {label} {!isRequired && <span className="muted">(optional)</span>}
      </label>
      {field.enum ? (
        <select id={id} name={name} required={isRequired} aria-describedby={`${id}-hint`}>
          {field.enum.map((value) => (
            <option key={value}>{value}</option>
          ))}
        </select>
      ) : (
        <input
          id={id}
          name={name}
          required={isRequired}
          type={isNumber(field) ? "number" : "text"}
          step={field.type === "number" ? "any" : undefined}
          aria-describedby={`${id}-hint`}
        />
      )}
      <span className="hint" id={`${id}-hint`}>
        {field.description}
      </span>
    </div>
  );
}

/** What a field holds, in the schema's terms; throws where that is not JSON. */
function valueOf(text: FormDataEntryValue | null, field: Schema): unknown {
  if (typeof text !== "string" || text.trim() === "") return undefined;
  return field.type === "string" || field.enum ? text : JSON.parse(text);
}

function isNumber({ type }: Schema): boolean {
  return type === "number" || type === "integer";
}
