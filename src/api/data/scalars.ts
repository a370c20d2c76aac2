/** The scalars of the shapes that are one, in input and output. */
export const SCALARS = {
  json: "JSON",
  string: "String",
  boolean: "Boolean",
  int: "Int",
  float: "Float",
  dateTime: "DateTime",
} as const;
