/** `cloudflare:index/dnsRecord:DnsRecord` of @pulumi/cloudflare 6.22, over Cloudflare's API. */
import { isDeepStrictEqual } from "node:util";
import { callCloudflare, CloudflareError, type CloudflareSettings } from "./cloudflare-api.ts";
import type { Properties, PropertyChange, ReadState, StandInResource } from "./plugin-server.ts";

export const DNS_RECORD_TYPE = "cloudflare:index/dnsRecord:DnsRecord";

/** A record as the API answers it: snake_case, `id` and times included. */
type ApiRecord = Properties & { id: string };

const REQUIRED = ["zoneId", "name", "type", "ttl"];
/** Inputs that go into the request's body. */
const FIELDS = ["name", "type", "ttl", "content", "proxied", "comment", "priority", "data", "settings", "tags", "privateRouting"];
const REPLACING = ["zoneId", "type"];

/** `settings` is asked for at every call, because the provider is configured after this. */
export function dnsRecordResource(settings: () => CloudflareSettings): StandInResource {
  return {
    check(inputs) {
      return REQUIRED.filter((property) => inputs[property] === undefined).map((property) => ({
        property,
        reason: `Missing required property '${property}'`,
      }));
    },

    diff(state, inputs, oldInputs) {
      const changes: PropertyChange[] = [];
      for (const property of ["zoneId", ...FIELDS]) {
        const wanted = inputs[property];
        const removed = wanted === undefined && oldInputs[property] !== undefined;
        if (removed || (wanted !== undefined && !agrees(state[property], wanted))) {
          changes.push({ property, replace: REPLACING.includes(property) });
        }
      }
      return changes;
    },

    async create(inputs, { signal }) {
      const record = await callCloudflare<ApiRecord>(settings(), { method: "POST", path: recordsOf(inputs["zoneId"]), body: bodyOf(inputs), signal });
      return { id: record.id, state: stateOf(inputs["zoneId"], record) };
    },

    async read(id, state, inputs, { signal }): Promise<ReadState | undefined> {
      const [recordId, zoneId] = recordAndZone(id, state);
      try {
        const record = await callCloudflare<ApiRecord>(settings(), { method: "GET", path: recordPath(zoneId, recordId), signal });
        const found = stateOf(zoneId, record);
        return { id: recordId, state: found, inputs: inputsOf(found, inputs ?? {}) };
      } catch (error) {
        if (error instanceof CloudflareError && error.status === 404) return undefined;
        throw error;
      }
    },

    async update(id, state, inputs, { signal }) {
      // The real plugin puts the whole record, with the lists that it knows, and null for a comment taken away.
      const body = {
        ...(state["settings"] !== undefined && { settings: {} }),
        ...(state["tags"] !== undefined && { tags: [] }),
        ...(state["comment"] !== undefined && { comment: null }),
        ...bodyOf(inputs),
      };
      return stateOf(inputs["zoneId"], await callCloudflare<ApiRecord>(settings(), { method: "PUT", path: recordPath(state["zoneId"], id), body, signal }));
    },

    async delete(id, state, { signal }) {
      await callCloudflare(settings(), { method: "DELETE", path: recordPath(state["zoneId"], id), signal });
    },
  };
}

function recordsOf(zoneId: unknown): string {
  return `/zones/${encodeURIComponent(String(zoneId))}/dns_records`;
}

function recordPath(zoneId: unknown, id: string): string {
  return `${recordsOf(zoneId)}/${encodeURIComponent(id)}`;
}

/** An import names both: `<zone_id>/<dns_record_id>`. */
function recordAndZone(id: string, state: Properties): [string, unknown] {
  const [zoneId, recordId] = id.split("/");
  return recordId === undefined ? [id, state["zoneId"]] : [recordId, zoneId];
}

function bodyOf(inputs: Properties): Properties {
  return Object.fromEntries(FIELDS.filter((name) => inputs[name] !== undefined).map((name) => [snakeCase(name), renamed(inputs[name], snakeCase)]));
}

/** The resource's outputs; `meta` is JSON text in the real schema. */
function stateOf(zoneId: unknown, record: ApiRecord): Properties {
  const known = Object.entries(record).filter(([name, value]) => value !== null && !["id", "zone_id", "zone_name"].includes(name));
  const state = Object.fromEntries(known.map(([name, value]) => [camelCase(name), name === "meta" ? JSON.stringify(value) : renamed(value, camelCase)]));
  return { ...state, zoneId };
}

/** What the program would have to say to get this state: the inputs it gave, else all that are set. */
function inputsOf(state: Properties, before: Properties): Properties {
  const given = Object.keys(before);
  const names = given.length ? given : ["zoneId", ...FIELDS].filter((name) => !isEmpty(state[name]));
  return Object.fromEntries(names.filter((name) => state[name] !== undefined).map((name) => [name, state[name]]));
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (typeof value === "object" && value !== null && Object.keys(value).length === 0);
}

/** Whether the state holds what is wanted; the API adds to objects what was not asked for. */
function agrees(state: unknown, wanted: unknown): boolean {
  if (typeof wanted !== "object" || wanted === null || Array.isArray(wanted)) return isDeepStrictEqual(state, wanted);
  return Object.entries(wanted).every(([name, value]) => agrees((state as Properties | undefined)?.[name], value));
}

function renamed(value: unknown, rename: (name: string) => string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [rename(name), inner]));
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
