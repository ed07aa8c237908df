/**
 * Makes the contract from the documents it is taken from, without their prose:
 *
 *   node test/contract/make.ts hostinger-openapi.json hostinger-api-2.3.0.json
 *
 * The first is Hostinger's OpenAPI document (1.42.5), the second what its generated Python SDK has
 * for 2.3.0: operations, models and Python types. An SDK tells neither what may be null nor what
 * the lists hold; both are taken from 1.42.5 where the same field is there, and from `SEEN` else.
 */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";

type Json = any; // eslint-disable-line @typescript-eslint/no-explicit-any -- documents of any shape
type Schemas = Record<string, Json>;

interface Operation {
  deprecated: boolean;
  query: Record<string, { required: boolean; schema: Json }>;
  /** Schema of the body; null when there is none. */
  request: Json;
  answers: Record<string, Json>;
}

interface Contract {
  apiVersion: string;
  madeFrom: string[];
  operations: Record<string, Operation>;
  schemas: Schemas;
}

const OURS = /^\/api\/(vps|billing)\//;
const METHODS = ["get", "post", "put", "patch", "delete"];
/** Left out: descriptions and examples, hints for viewers, and `format: password`, which no validator knows. */
const KEPT = ["type", "format", "enum", "required", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "default"];

/** Of 2.3.0, and in neither document: what the answers hold. */
const SEEN = {
  lists: { "/ssh-keys": { type: "array", items: { type: "string" } } } as Record<string, Json>,
  fields: { "Billing.V1.PaymentMethod.PaymentMethodResource": { suspended_at: { type: ["string", "null"], format: "date-time" } } } as Record<string, Schemas>,
};

const reference = (name: string) => ({ $ref: `#/schemas/${name}` });

/** OpenAPI 3.0 in JSON Schema's words: `nullable` becomes a type, references point into this file. */
function plain(schema: Json): Json {
  if (schema.$ref !== undefined) return reference(schema.$ref.split("/").pop());
  if (schema.oneOf?.length === 1) return nullable(plain(schema.oneOf[0]), schema.nullable);
  const kept = Object.fromEntries(KEPT.filter((key) => schema[key] !== undefined && schema[key] !== "password" && schema[key] !== null).map((key) => [key, schema[key]]));
  if (schema.properties !== undefined) kept["properties"] = mapped(schema.properties, plain);
  if (schema.items !== undefined) kept["items"] = plain(schema.items);
  return nullable(kept, schema.nullable);
}

/** `schema`, or null. */
function nullable(schema: Json, isNullable: boolean | undefined): Json {
  if (!isNullable) return schema;
  if (typeof schema.type !== "string" || schema.enum !== undefined) return { anyOf: [schema, { type: "null" }] };
  return { ...schema, type: [schema.type, "null"] };
}

function mapped(object: Schemas, change: (value: Json, key: string) => Json): Schemas {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
}

function contractOfOpenApi(document: Json, file: string): Contract {
  const resolved = (value: Json): Json => (value.$ref === undefined ? value : value.$ref.split("/").slice(1).reduce((at: Json, key: string) => at[key], document));
  const operations: Contract["operations"] = {};
  for (const [path, methods] of Object.entries<Json>(document.paths).filter(([path]) => OURS.test(path))) {
    for (const method of METHODS.filter((name) => methods[name] !== undefined)) {
      const given = methods[method];
      const query = (given.parameters ?? []).map(resolved).filter((one: Json) => one.in === "query");
      operations[`${method.toUpperCase()} ${path}`] = {
        deprecated: given.deprecated === true,
        query: Object.fromEntries(query.map((one: Json) => [one.name, { required: one.required === true, schema: plain(one.schema) }])),
        request: given.requestBody === undefined ? null : plain(given.requestBody.content["application/json"].schema),
        // Those of errors are shared.
        answers: mapped(given.responses, (answer) => (answer.$ref === undefined ? plain(answer.content["application/json"].schema) : plain(answer))),
      };
    }
  }
  const errors = mapped(document.components.responses, (answer) => plain(answer.content?.["application/json"].schema ?? {}));
  // An object of any fields: the document's `field_1` is an example.
  errors["Common.Response.UnprocessableContentResponse"].properties.errors = { type: "object", additionalProperties: { type: "array", items: {} } };
  const schemas = { ...errors, ...mapped(document.components.schemas, plain) };
  return { apiVersion: document.info.version, madeFrom: [file], operations, schemas: used(operations, schemas) };
}

/** What the operations refer to, directly or not. */
function used(operations: Contract["operations"], schemas: Schemas): Schemas {
  const names = new Set<string>();
  const visit = (value: Json): void => {
    for (const [, name] of JSON.stringify(value).matchAll(/"\$ref":"#\/schemas\/([^"]+)"/g)) {
      if (names.has(name!)) continue;
      names.add(name!);
      assert.ok(schemas[name!], `${name} is defined`);
      visit(schemas[name!]);
    }
  };
  visit(operations);
  return Object.fromEntries([...names].sort().map((name) => [name, schemas[name]]));
}

const PYTHON_TYPES: Record<string, Json> = {
  str: { type: "string" },
  int: { type: "integer" },
  bool: { type: "boolean" },
  datetime: { type: "string", format: "date-time" },
  any: {},
};

function contractOfSdk(document: Json, file: string, before: Contract): Contract {
  const dotted = new Map(Object.keys(before.schemas).map((name) => [name.replaceAll(".", ""), name]));
  const nameOf = (model: string) => dotted.get(model) ?? model;

  const ofType = (text: string): Json => {
    const inner = /^Optional\[(.*?)\]?$/.exec(text)?.[1];
    if (inner !== undefined) return ofType(inner);
    const items = /^List\[(.*)\]$/.exec(text)?.[1];
    if (items !== undefined) return { type: "array", items: ofType(items) };
    if (text.startsWith("Dict[")) return { type: "object" };
    return PYTHON_TYPES[text.toLowerCase()] ?? reference(nameOf(text));
  };
  /** The type of 1.42.5 where it is the same, for it tells formats and null as well; but today's enumeration. */
  const fieldOf = (type: string, enumeration: string[] | undefined, known: Json): Json => {
    const now = { ...ofType(type), ...(enumeration && { enum: enumeration }) };
    if (known === undefined) return now;
    const isNullable = [known.type].flat().includes("null") || known.anyOf !== undefined;
    const sameType = [known.type].flat().includes(now.type) && now.items === undefined && known.properties === undefined;
    if (sameType) return { ...known, ...(enumeration && { enum: enumeration }) };
    return known.properties === undefined && now.$ref === undefined && now.items === undefined ? known : nullable(now, isNullable);
  };
  const schemaOf = (model: Json, name: string): Json => {
    const known = before.schemas[nameOf(name)]?.properties ?? {};
    const required = Object.entries<string>(model.fields).filter(([, type]) => !type.startsWith("Optional")).map(([field]) => field);
    return {
      type: "object",
      ...(required.length > 0 && { required }),
      properties: mapped(model.fields, (type, field) => fieldOf(type, model.enums?.[field], known[field])),
    };
  };

  const schemas: Schemas = { ...before.schemas };
  for (const [name, model] of Object.entries<Json>(document.models)) schemas[nameOf(name)] = schemaOf(model, name);
  for (const [name, fields] of Object.entries(SEEN.fields)) schemas[name] = { ...schemas[name], properties: { ...schemas[name].properties, ...fields } };

  const operations: Contract["operations"] = {};
  for (const { method, path, request, responses, deprecated } of document.operations as Json[]) {
    const known = before.operations[`${method} ${path}`];
    const seen = Object.entries(SEEN.lists).find(([end]) => path.endsWith(end))?.[1];
    operations[`${method} ${path}`] = {
      deprecated,
      query: known?.query ?? {},
      request: request === null ? null : reference(nameOf(request)),
      answers: mapped(responses, (model, status) => {
        if (model === "List") return known?.answers[status] ?? seen ?? assert.fail(`${method} ${path}: what the list holds is not known`);
        // Errors have the shapes of 1.42.5; the SDK numbers them.
        if (model.startsWith("InlineObject")) return Object.values(before.operations).find(({ answers }) => answers[status])!.answers[status];
        return reference(nameOf(model));
      }),
    };
  }
  return { apiVersion: document.apiVersion, madeFrom: [file, ...before.madeFrom], operations, schemas: used(operations, schemas) };
}

/** One operation and one schema a line: what changes between two versions is to be read in a diff. */
function text(contract: Contract): string {
  const lines = (object: Schemas) => Object.entries(object).map(([key, value]) => `    ${JSON.stringify(key)}: ${JSON.stringify(value)}`).join(",\n");
  const { apiVersion, madeFrom, operations, schemas } = contract;
  const byName = Object.fromEntries(Object.entries(operations).sort(([a], [b]) => (a < b ? -1 : 1)));
  return `{\n  "apiVersion": ${JSON.stringify(apiVersion)},\n  "madeFrom": ${JSON.stringify(madeFrom)},\n  "operations": {\n${lines(byName)}\n  },\n  "schemas": {\n${lines(schemas)}\n  }\n}\n`;
}

const [openApiFile, sdkFile] = process.argv.slice(2);
assert.ok(openApiFile && sdkFile, "usage: node test/contract/make.ts OPENAPI_DOCUMENT SDK_DOCUMENT");
const read = (file: string): Json => JSON.parse(readFileSync(file, "utf8"));
const openApi = contractOfOpenApi(read(openApiFile), basename(openApiFile));
const sdk = contractOfSdk(read(sdkFile), basename(sdkFile), openApi);
for (const contract of [openApi, sdk]) {
  writeFileSync(new URL(`hostinger-${contract.apiVersion}.json`, import.meta.url), text(contract));
  console.log(`${contract.apiVersion}: ${Object.keys(contract.operations).length} operations, ${Object.keys(contract.schemas).length} schemas`);
}
