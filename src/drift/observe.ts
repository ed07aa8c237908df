/** One look at everything: a few list calls, however many users there are. */
import type { ZoneRecord, ZoneRecords } from "../../providers/cloudflare/api.ts";
import type { HostingerClient, Subscription, VirtualMachine } from "../../providers/hostinger/api/client.ts";
import type { Queryable } from "../db/queryable.ts";
import type { StackNames } from "./stack-names.ts";
import { readFleet } from "./users.ts";
import type { FleetUser } from "./users.ts";

export interface FleetSources {
  readonly db: Queryable;
  readonly hostinger: Pick<HostingerClient, "virtualMachines" | "subscriptions">;
  readonly zone: ZoneRecords;
  readonly stacks: StackNames;
}

export interface Observation {
  /** As recorded before and after the APIs were asked: what changed in between is not judged. */
  readonly before: ReadonlyMap<string, FleetUser>;
  readonly after: ReadonlyMap<string, FleetUser>;
  readonly vms: readonly VirtualMachine[];
  readonly subscriptions: readonly Subscription[];
  readonly records: readonly ZoneRecord[];
  readonly stacks: ReadonlySet<string>;
  readonly apiCalls: number;
}

export async function observe({ db, hostinger, zone, stacks }: FleetSources, graceSeconds: number, signal?: AbortSignal): Promise<Observation> {
  const before = await readFleet(db, graceSeconds);
  const callsBefore = zone.calls;
  const call = signal ? { signal } : {};
  const [vms, subscriptions, records, names] = await Promise.all([
    hostinger.virtualMachines.list(call), hostinger.subscriptions.list(call), zone.list({}, signal), stacks.list(),
  ]);
  const after = await readFleet(db, graceSeconds);
  return { before, after, vms, subscriptions, records, stacks: names, apiCalls: 2 + zone.calls - callsBefore };
}
