import { lexicographicSortSchema, printSchema, printType, type GraphQLSchema } from "graphql";
import type { z } from "zod";
import { createBuilder } from "../../../src/api/builder.ts";
import { Enums } from "../../../src/api/data/enums.ts";
import { fit } from "../../../src/api/data/fit.ts";
import { InputTypes } from "../../../src/api/data/input-types.ts";
import { OutputTypes } from "../../../src/api/data/output-types.ts";
import { readShape } from "../../../src/api/data/read-shape.ts";
import type { Shape } from "../../../src/api/data/shape.ts";
import { implementMessage } from "../../../src/api/message.ts";
import { createNames } from "../../../src/api/names.ts";
import type { JsonValue } from "../../../src/json.ts";
import type { JsonSchema } from "../../../src/workflows/json-schema.ts";
import { toJsonSchema } from "../../../src/workflows/to-json-schema.ts";

/** A schema of one field, `echo`, that takes and gives data of the workflow `report`. */
export interface DataTypes {
  readonly schema: GraphQLSchema;
  readonly input: Shape;
  readonly output: Shape;
  /** What did not fit, as `path: expected`. */
  readonly misfits: string[];
  /** One type as SDL, without descriptions. */
  print(name: string): string;
}

/** What `echo` gives back, and where its argument, as GraphQL coerced it, is put. */
export interface Echo {
  readonly value?: JsonValue;
  received?: unknown;
}

export function dataTypes(source: z.ZodType | JsonSchema, output?: z.ZodType): DataTypes {
  const builder = createBuilder();
  const names = createNames();
  const enums = new Enums(builder, names);
  const { message, messageInput } = implementMessage(builder, names);
  const scope = { base: "Report", owner: 'Workflow "report"' };
  const shapes = {
    input: readShape(toJsonSchema(source, "input"), 'The input of workflow "report"'),
    output: readShape(toJsonSchema(output ?? source, "output"), 'The output of workflow "report"'),
  };
  const resultType = new OutputTypes(builder, names, enums, message).typeOf(shapes.output, {
    ...scope,
    part: "Output",
  });
  const argumentType = new InputTypes(builder, names, enums, messageInput).typeOf(shapes.input, {
    ...scope,
    part: "Input",
  });
  const misfits: string[] = [];
  builder.queryType({});
  builder.queryField("echo", (t) =>
    t.field({
      type: resultType as never,
      nullable: true,
      args: { input: t.arg({ type: argumentType as never, required: false }) },
      resolve: (root: Echo, { input }: { input?: unknown }) => {
        root.received = input;
        if (root.value === undefined) return null;
        return fit(shapes.output, root.value, (path, expected) => {
          misfits.push(`${path.join(".")}: ${expected}`);
          return undefined;
        });
      },
    } as never),
  );
  const schema = lexicographicSortSchema(builder.toSchema());
  return { schema, ...shapes, misfits, print: (name) => print(schema, name) };
}

function print(schema: GraphQLSchema, name: string): string {
  const type = schema.getType(name);
  if (!type) throw new Error(`There is no type ${name} in\n${printSchema(schema)}`);
  return printType(type)
    .replaceAll(/ *"""[^]*?"""\n/g, "")
    .replaceAll(/\n\n(?= )/g, "\n");
}
