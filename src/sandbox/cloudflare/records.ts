import { randomBytes } from "node:crypto";
import type { ApiRequest, Route } from "../http/router.ts";
import type { DnsRecord } from "../model.ts";
import type { World } from "../world.ts";
import { CloudflareError, success } from "./error.ts";
import { filtered } from "./filter.ts";
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
  const recordOf = (request: ApiRequest): DnsRecord => findRecord(world, request.params["recordId"]);
  const replace = (request: ApiRequest, keepsTheRest: boolean) => {
    const record = recordOf(request);
    const fields = readRecord(request.body, world, keepsTheRest ? record : undefined);
    return success(recordShape(changeRecord(world, record, fields)));
  };
  return [
    route("GET", ALL, ({ query }) => listAnswer(query, filtered(world.state.records, query).map(recordShape))),
    route("POST", ALL, ({ body }) => {
      const fields = readRecord(body, world);
      return success(recordShape(createRecord(world, fields)));
    }),
    route("GET", ONE, (request) => success(recordShape(recordOf(request)))),
    route("PUT", ONE, (request) => replace(request, false)),
    route("PATCH", ONE, (request) => replace(request, true)),
    route("DELETE", ONE, (request) => {
      return success({ id: removeRecord(world, recordOf(request)).id });
    }),
  ];
}

export function findRecord(world: World, id: unknown): DnsRecord {
  const found = world.state.records.find((record) => record.id === id);
  if (found === undefined) throw new CloudflareError(404, 81044, "Record does not exist.");
  return found;
}

/** As the API does it: not beside what is in the way, and not beyond the zone's limit. */
export function createRecord(world: World, fields: RecordFields): DnsRecord {
  checkConflicts(fields, world.recordsAt(fields.name));
  const { zoneRecordLimit } = world.state.settings;
  if (zoneRecordLimit > 0 && world.state.records.length >= zoneRecordLimit) {
    throw new CloudflareError(400, 81045, "The record quota has been exceeded.");
  }
  return addRecord(world, fields);
}

export function changeRecord(world: World, record: DnsRecord, fields: RecordFields): DnsRecord {
  checkConflicts(fields, world.recordsAt(fields.name).filter((other) => other !== record));
  if (fields.priority === undefined) delete record.priority;
  if (fields.data === undefined) delete record.data;
  Object.assign(record, fields, { modifiedOn: timestamp() });
  // The name may be another one: what looks records up by name starts anew with a new list.
  world.state.records = [...world.state.records];
  zoneChanged(world);
  return record;
}

export function removeRecord(world: World, record: DnsRecord): DnsRecord {
  world.state.records = world.state.records.filter((other) => other !== record);
  zoneChanged(world);
  return record;
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

/** As the API shows it. */
export function recordShape(record: DnsRecord) {
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
