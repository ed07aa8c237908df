/** A schema in words. */
import { code, table } from "../markdown.ts";
import type { Schema } from "./openapi.ts";

const FORMATS: Readonly<Record<string, string>> = { "date-time": "time (ISO 8601, UTC)", ipv4: "IPv4 address", ipv6: "IPv6 address" };

/** `text, 1 to 63 characters`; a named schema is a link to where it is told. */
export function typeText(schema: Schema): string {
  if (schema.$ref) return linkTo(schema.$ref.split("/").at(-1)!);
  if (schema.anyOf) return schema.anyOf.map(typeText).join(" or ");
  if (schema.const !== undefined) return code(JSON.stringify(schema.const));
  if (schema.enum) return schema.enum.map((value) => code(String(value))).join(", ");
  const types = [schema.type ?? "anything"].flat();
  return types.map((type) => ofType(type, schema)).join(" or ");
}

/** The fields of an object, those of the objects in it too: `failure.code`, `items[].phase`. */
export function fieldsTable(schema: Schema, head = "field"): string {
  const rows = [...fieldRows(schema, "")];
  return rows.length === 0 ? "" : table([head, "what", ""], rows);
}

function* fieldRows(schema: Schema, prefix: string): Generator<string[]> {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const isOptional = !(schema.required ?? []).includes(name);
    yield [code(prefix + name), `${typeText(field)}${isOptional ? `, ${optionalText(field)}` : ""}`, field.description ?? ""];
    for (const [inner, suffix] of objectsIn(field)) yield* fieldRows(inner, `${prefix}${name}${suffix}.`);
  }
}

/** `optional, else 50` */
export function optionalText({ default: byDefault }: Schema): string {
  const isTold = byDefault !== undefined && !(Array.isArray(byDefault) && byDefault.length === 0);
  return isTold ? `optional, else ${code(typeof byDefault === "string" ? byDefault : JSON.stringify(byDefault))}` : "optional";
}

function objectsIn(schema: Schema): (readonly [Schema, string])[] {
  if (schema.properties) return [[schema, ""]];
  if (schema.items) return objectsIn(schema.items).map(([inner, suffix]) => [inner, `[]${suffix}`] as const);
  return (schema.anyOf ?? []).flatMap(objectsIn);
}

function ofType(type: string, schema: Schema): string {
  switch (type) {
    case "string": return FORMATS[schema.format ?? ""] ?? withLength("text", schema);
    case "integer": return withRange("whole number", schema);
    case "number": return withRange("number", schema);
    case "boolean": return "`true` or `false`";
    case "array": return `list of ${schema.items ? typeText(schema.items) : "anything"}`;
    case "object": return typeof schema.additionalProperties === "object" ? `object: each value is ${typeText(schema.additionalProperties)}` : "object";
    case "null": return "`null`";
    default: return type;
  }
}

function withLength(what: string, { minLength, maxLength }: Schema): string {
  return maxLength === undefined ? what : `${what}, ${minLength ?? 0} to ${maxLength} characters`;
}

/** The largest number that JavaScript holds is no limit that anybody meant. */
function withRange(what: string, { minimum, maximum }: Schema): string {
  const upTo = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
  const from = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined;
  if (from === undefined) return what;
  return upTo === undefined ? `${what} from ${from}` : `${what} from ${from} to ${upTo}`;
}

export function linkTo(schemaName: string): string {
  return `[${schemaName}](#${schemaName.toLowerCase()})`;
}
