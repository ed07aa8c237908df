import { randomBytes } from "node:crypto";
import type { ApiRequest, Route } from "../http/router.ts";
import type { DnsRecord } from "../model.ts";
import type { World } from "../world.ts";
import { CloudflareError, success } from "./error.ts";
import { listAnswer } from "./list.ts";
import { checkConflicts, isProxiable, readRecord } from "./record-input.ts";
import type { RecordFields } from "./record-input.ts";
import { assertZone } from "./zones.ts";

const ALL = "/client/v4/zones/{zoneId}/dns_records";
const ONE = `${ALL}/{recordId}`;

export function recordRoutes(world: World): Route[] {
  const route = (method: string, pattern: string, handler: Route["handler"]): Route => ({
    method,
    pattern,
    handler: (request) => {
      assertZone(world, request);
      return handler(request);
    },
  });
  const recordOf = (request: ApiRequest): DnsRecord => {
    const found = world.state.records.find((record) => record.id === request.params["recordId"]);
    if (found === undefined) throw new CloudflareError(404, 81044, "Record does not exist.");
    return found;
  };
  const replace = (request: ApiRequest, keepsTheRest: boolean) => {
    const record = recordOf(request);
    const fields = readRecord(request.body, world, keepsTheRest ? record : undefined);
    checkConflicts(fields, world.state.records.filter((other) => other !== record));
    if (fields.priority === undefined) delete record.priority;
    Object.assign(record, fields, { modifiedOn: timestamp() });
    zoneChanged(world);
    return success(recordShape(record));
  };
  return [
    route("GET", ALL, ({ query }) => listAnswer(query, world.state.records.filter(filterOf(query)).map(recordShape))),
    route("POST", ALL, ({ body }) => {
      const fields = readRecord(body, world);
      checkConflicts(fields, world.state.records);
      return success(recordShape(addRecord(world, fields)));
    }),
    route("GET", ONE, (request) => success(recordShape(recordOf(request)))),
    route("PUT", ONE, (request) => replace(request, false)),
    route("PATCH", ONE, (request) => replace(request, true)),
    route("DELETE", ONE, (request) => {
      const record = recordOf(request);
      world.state.records = world.state.records.filter((other) => other !== record);
      zoneChanged(world);
      return success({ id: record.id });
    }),
  ];
}

export function addRecord(world: World, fields: RecordFields): DnsRecord {
  const now = timestamp();
  const record: DnsRecord = { id: randomBytes(16).toString("hex"), ...fields, createdOn: now, modifiedOn: now };
  world.state.records.push(record);
  zoneChanged(world);
  return record;
}

export function zoneChanged(world: World): void {
  world.state.zoneSerial += 1;
  world.changed();
}

/** `name`, `type` and so on, also in the newer spelling `name.exact`; all have to fit. */
function filterOf(query: URLSearchParams): (record: DnsRecord) => boolean {
  const wanted = (field: string) => query.get(field) ?? query.get(`${field}.exact`);
  const name = wanted("name")?.toLowerCase();
  const content = wanted("content");
  const type = query.get("type");
  const proxied = query.get("proxied");
  const search = query.get("search");
  return (record) =>
    (name === undefined || record.name === name) &&
    (content === null || record.content === content) &&
    (type === null || record.type === type) &&
    (proxied === null || String(record.proxied) === proxied) &&
    (search === null || record.name.includes(search) || record.content.includes(search));
}

function recordShape(record: DnsRecord) {
  const { createdOn, modifiedOn, priority, ...rest } = record;
  return {
    ...rest,
    ...(priority === undefined ? {} : { priority }),
    proxiable: isProxiable(record.type),
    meta: {},
    created_on: createdOn,
    modified_on: modifiedOn,
  };
}

function timestamp(): string {
  return new Date().toISOString();
}
