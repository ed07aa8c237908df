/** Hostinger's API as data, in both versions that are known (made by make.ts), and checks against it. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { Ajv } from "ajv";
import addFormats from "ajv-formats";

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- JSON schemas, and answers of any shape */
type Json = any;

export interface Operation {
  readonly deprecated: boolean;
  readonly query: Readonly<Record<string, { readonly required: boolean; readonly schema: Json }>>;
  /** JSON schema of the body; null when there is none. */
  readonly request: Json;
  /** JSON schemas by status. */
  readonly answers: Readonly<Record<string, Json>>;
}

export interface Contract {
  readonly apiVersion: string;
  /** By `METHOD /path/{parameter}`. */
  readonly operations: Readonly<Record<string, Operation>>;
  readonly schemas: Readonly<Record<string, Json>>;
}

function read(version: string): Contract {
  return JSON.parse(readFileSync(new URL(`hostinger-${version}.json`, import.meta.url), "utf8")) as Contract;
}

const OLD = read("1.42.5");
/** The newest version that is known. */
export const CONTRACT = read("2.3.0");

const ajv = new Ajv({ strict: false, allErrors: true });
(addFormats as unknown as (instance: Ajv) => void)(ajv);
for (const contract of [OLD, CONTRACT]) {
  ajv.addSchema({ $id: `exact-${contract.apiVersion}`, schemas: complete(contract.schemas, { exactly: true }) });
  ajv.addSchema({ $id: `complete-${contract.apiVersion}`, schemas: complete(contract.schemas, { exactly: false }) });
}

/** Every field has to be there, although the API requires none of its answers; `exactly`: and no other. */
function complete(schema: Json, how: { readonly exactly: boolean }): Json {
  if (Array.isArray(schema)) return schema.map((one) => complete(one, how));
  if (typeof schema !== "object" || schema === null) return schema;
  const converted: Json = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, complete(value, how)]));
  if (typeof converted.properties !== "object" || converted.type !== "object") return converted;
  return { ...converted, required: Object.keys(converted.properties), ...(how.exactly && { additionalProperties: false }) };
}

/**
 * An answer has exactly the fields of the newest version, and with them all those of the older one;
 * a status that only the newest knows is not asked of the older.
 */
export function assertAnswer(operation: string, status: number, body: unknown): void {
  assert.ok(CONTRACT.operations[operation]?.answers[status], `${operation} is a known operation that may answer ${status}`);
  assertFits(CONTRACT, operation, status, body, { exactly: true });
  if (OLD.operations[operation]?.answers[status]) assertFits(OLD, operation, status, body, { exactly: false });
}

function assertFits({ apiVersion, operations }: Contract, operation: string, status: number, body: unknown, how: { readonly exactly: boolean }): void {
  const schema = complete(operations[operation]?.answers[status], how);
  const fits = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/schemas/', `"${how.exactly ? "exact" : "complete"}-${apiVersion}#/schemas/`)));
  assert.ok(fits(body), `${operation}, ${status}, by ${apiVersion}: ${ajv.errorsText(fits.errors)} in ${JSON.stringify(body)}`);
}

/** The fields without which a request is refused. */
export function requiredFields(operation: string): string[] {
  const request = CONTRACT.operations[operation]?.request;
  if (!request) return [];
  const schema = request.$ref === undefined ? request : CONTRACT.schemas[request.$ref.split("/").pop()];
  return schema.required ?? [];
}
