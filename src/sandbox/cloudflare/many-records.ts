import type { ApiRequest, Route } from "../http/router.ts";
import type { World } from "../world.ts";
import { CloudflareError, success } from "./error.ts";
import { readRecord } from "./record-input.ts";
import { changeRecord, createRecord, findRecord, recordShape, removeRecord, zoneChanged } from "./records.ts";
import { assertZone } from "./zones.ts";
import { parseZoneFile, zoneFile } from "./zone-file.ts";

const ALL = "/client/v4/zones/{zoneId}/dns_records";

/** What concerns many records at once: batch, import, export, usage. */
export function manyRecordRoutes(world: World): Route[] {
  const route = (method: string, path: string, handler: Route["handler"]): Route => ({
    method,
    pattern: `${ALL}/${path}`,
    handler: (request) => {
      assertZone(world, request);
      return handler(request);
    },
  });
  return [
    route("POST", "batch", ({ body }) => success(atomically(world, () => batch(world, body)))),
    route("POST", "import", (request) => {
      const parsed = parseZoneFile(fileOf(request), world.zoneName);
      atomically(world, () => parsed.map((fields) => createRecord(world, readRecord(fields, world))));
      return success({ recs_added: parsed.length, total_records_parsed: parsed.length }, { timing: { start_time: world.now(), end_time: world.now(), process_time: 0 } });
    }),
    route("GET", "export", () => ({ status: 200, body: zoneFile(world), headers: { "content-type": "text/plain; charset=utf-8" } })),
    route("GET", "usage", () => success({ record_quota: world.state.settings.zoneRecordLimit || null, record_usage: world.state.records.length })),
  ];
}

/** Deletions, patches, puts and posts, in this order; all of them or none. */
function batch(world: World, body: unknown) {
  const lists = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const of = (name: string) => (Array.isArray(lists[name]) ? (lists[name] as Record<string, unknown>[]) : []);
  const change = (given: Record<string, unknown>, keepsTheRest: boolean) => {
    const record = findRecord(world, given["id"]);
    return recordShape(changeRecord(world, record, readRecord(given, world, keepsTheRest ? record : undefined)));
  };
  return {
    deletes: of("deletes").map(({ id }) => recordShape(removeRecord(world, findRecord(world, id)))),
    patches: of("patches").map((given) => change(given, true)),
    puts: of("puts").map((given) => change(given, false)),
    posts: of("posts").map((given) => recordShape(createRecord(world, readRecord(given, world)))),
  };
}

function atomically<T>(world: World, work: () => T): T {
  const before = structuredClone(world.state.records);
  try {
    return work();
  } catch (error) {
    world.state.records = before;
    zoneChanged(world);
    throw error;
  }
}

/** The part `file` of a multipart/form-data body. */
function fileOf({ headers, text }: ApiRequest): string {
  const [, boundary] = /boundary="?([^";]+)"?/.exec(headers["content-type"] ?? "") ?? [];
  const part = boundary === undefined ? undefined : text.split(`--${boundary}`).find((one) => /name="?file"?/i.test(one.split(/\r?\n\r?\n/)[0] ?? ""));
  const start = part === undefined ? -1 : part.search(/\r?\n\r?\n/);
  if (part === undefined || start < 0) throw new CloudflareError(400, 9207, "Request body is invalid: expected a file in BIND format.");
  return part.slice(start).trim();
}
