import { invalidRecord } from "./error.ts";

type Data = Record<string, unknown>;

interface DataType {
  /** What the content is made of, in its order. */
  fields: { name: string; kind: "number" | "text" | "quoted" }[];
  /** Whether `priority` is a field of the record as well. */
  hasPriority: boolean;
}

const service: DataType = { hasPriority: false, fields: [{ name: "priority", kind: "number" }, { name: "target", kind: "text" }, { name: "value", kind: "text" }] };

/** Types whose value is `data`; their content is made from it. */
const DATA_TYPES: Record<string, DataType> = {
  SRV: { hasPriority: true, fields: [{ name: "priority", kind: "number" }, { name: "weight", kind: "number" }, { name: "port", kind: "number" }, { name: "target", kind: "text" }] },
  CAA: { hasPriority: false, fields: [{ name: "flags", kind: "number" }, { name: "tag", kind: "text" }, { name: "value", kind: "quoted" }] },
  HTTPS: service,
  SVCB: service,
};

export interface ReadData {
  data: Data;
  content: string;
  priority?: number;
}

/** undefined for a type that has its value in `content`. A content that is given instead of `data` is taken apart. */
export function readData(type: string, data: unknown, content: string): ReadData | undefined {
  const known = DATA_TYPES[type];
  if (known === undefined) return undefined;
  const given = isObject(data) ? data : takenApart(known, content);
  if (given === undefined) throw invalidRecord(9101, `${known.fields[0]?.name} is a required data field.`);
  const read: Data = {};
  for (const { name, kind } of known.fields) {
    const value = given[name];
    if (value === undefined) throw invalidRecord(9101, `${name} is a required data field.`);
    const fits = kind === "number" ? Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_535 : typeof value === "string";
    if (!fits) throw invalidRecord(9102, `${name} is invalid.`);
    read[name] = value;
  }
  const shown = known.fields.filter(({ name }) => !(known.hasPriority && name === "priority"));
  const text = shown.map(({ name, kind }) => (kind === "quoted" ? JSON.stringify(read[name]) : String(read[name]))).join(" ").trimEnd();
  return { data: read, content: text, ...(known.hasPriority && { priority: read["priority"] as number }) };
}

function takenApart({ fields }: DataType, content: string): Data | undefined {
  const words = content.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
  if (words.length < fields.length) return undefined;
  const value = (word: string, kind: string) => (kind === "number" ? Number(word) : word.replace(/^"|"$/g, ""));
  return Object.fromEntries(fields.map(({ name, kind }, at) => [name, value(at === fields.length - 1 ? words.slice(at).join(" ") : (words[at] ?? ""), kind)]));
}

function isObject(value: unknown): value is Data {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
