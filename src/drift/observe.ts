/** One look at everything: a few list calls, however many users there are. */
import type { ZoneRecord, ZoneRecords } from "../../providers/cloudflare/api.ts";
import type { HostingerClient, OddEntry, PaymentMethod, Subscription, VirtualMachine } from "../../providers/hostinger/api/client.ts";
import { undefinedIfNotFound } from "../../providers/hostinger/api/not-found.ts";
import { isLost } from "../../providers/hostinger/vm-state.ts";
import type { Queryable } from "../db/queryable.ts";
import { listOlderVps, listPoolMembers } from "../records/index.ts";
import type { OlderVps, PoolMember } from "../records/index.ts";
import type { StateBackend } from "../provisioning/state-backend.ts";
import { confirmMissing } from "./confirm-missing.ts";
import type { ListName } from "./confirm-missing.ts";
import { openSubjects } from "./findings.ts";
import type { OpenSubjects } from "./findings.ts";
import type { Finding } from "./finding.ts";
import { stuckVms } from "./passing-vms.ts";
import { lookForUnlisted } from "./unlisted-members.ts";
import { isJudgeable, readFleet } from "./users.ts";
import type { FleetUser } from "./users.ts";

export interface FleetSources {
  readonly db: Queryable;
  readonly hostinger: Pick<HostingerClient, "virtualMachines" | "subscriptions" | "paymentMethods">;
  readonly zone: ZoneRecords;
  readonly stacks: Pick<StateBackend, "listStacks" | "hasStack">;
}

export interface Observation {
  /** As recorded before and after the APIs were asked: what changed in between is not judged. */
  readonly before: ReadonlyMap<string, FleetUser>;
  readonly after: ReadonlyMap<string, FleetUser>;
  readonly vms: readonly VirtualMachine[];
  /** Entries of the list of VMs that cannot be read. */
  readonly odd?: readonly OddEntry[];
  readonly subscriptions: readonly Subscription[];
  readonly records: readonly ZoneRecord[];
  readonly stacks: ReadonlySet<string>;
  /** undefined: the account's token may not see them. */
  readonly paymentMethods?: readonly PaymentMethod[] | undefined;
  /** User names about whom the APIs said nothing that can be relied on. */
  readonly unsure?: ReadonlySet<string>;
  /** Lists that may lack, or do, what is there. */
  readonly lacking?: ReadonlySet<ListName>;
  /** Lists that are not believed this time. */
  readonly doubts?: readonly Finding[];
  /** Members of pools that did not come to be their user's. */
  readonly setAside?: readonly PoolMember[];
  /** Ids of those of them whose VM the account has no more. */
  readonly goneSetAside?: readonly string[];
  /** What users of an older backend have, whose rows are in the same table. */
  readonly older?: readonly OlderVps[];
  /** What is open since earlier sweeps. */
  readonly known?: OpenSubjects;
  /** VMs that have been locked, or at something that should have passed, for too long by now; since when. */
  readonly stuck?: ReadonlyMap<number, Date>;
  readonly apiCalls: number;
}

export async function observe({ db, hostinger, zone, stacks }: FleetSources, graceSeconds: number, signal?: AbortSignal): Promise<Observation> {
  const known = await openSubjects(db);
  const before = await readFleet(db, graceSeconds);
  const callsBefore = zone.calls;
  const call = signal ? { signal } : {};
  const [{ vms, odd }, subscriptions, paymentMethods, { records, isWhole }, names] = await Promise.all([
    hostinger.virtualMachines.listEntries(call), hostinger.subscriptions.list(call), listPaymentMethods(hostinger, signal), zone.read({}, signal), stacks.listStacks(),
  ]);
  const after = await readFleet(db, graceSeconds);
  const older = await listOlderVps(db);
  const stuck = await stuckVms(db);
  const setAside = (await listPoolMembers(db)).filter(({ state }) => state === "set_aside");

  const { settled = [], unsettled = [] } = Object.groupBy(after.values(), (user) => (isJudgeable(user, before.get(user.username)) ? "settled" : "unsettled"));
  const listedVms = new Set(vms.map(({ id }) => id));
  const oddVms = new Set(odd.map(({ id }) => id));
  const listedNames = new Set(records.map(({ name }) => name.toLowerCase()));
  const common = { expected: settled.length, signal };
  const lostVms = await confirmMissing({
    ...common, list: "virtual machines", known: known.of("VmGone"), wasDoubted: known.of("ListDoubted").has("virtual machines"),
    missing: settled.filter(({ hostingerVmId }) => !listedVms.has(hostingerVmId ?? NaN)),
    beside: unsettled.filter(({ hostingerVmId: id, status }) => id !== null && status !== "deprovisioned" && !listedVms.has(id) && !oddVms.has(id)),
    isListed: ({ hostingerVmId }) => oddVms.has(hostingerVmId),
    look: async ({ hostingerVmId }) => orNone(hostinger.virtualMachines.get(hostingerVmId!, call)),
  });
  const lostRecords = await confirmMissing({
    ...common, list: "DNS records", known: known.of("RecordGone"), wasDoubted: known.of("ListDoubted").has("DNS records"),
    missing: settled.filter(({ hostname, isPooled }) => !isPooled && !listedNames.has(hostname)),
    look: ({ hostname }) => zone.list({ name: hostname }, signal),
  });
  // A list that is doubted says nothing of them either.
  const isBelieved = lostVms.isWhole && lostVms.doubt === undefined;
  const unlisted = await lookForUnlisted(isBelieved ? setAside : [], new Set([...vms.filter((vm) => !isLost(vm)).map(({ id }) => id), ...oddVms]), (vmId) => orNone(hostinger.virtualMachines.get(vmId, call)), signal);
  return {
    before, after, older, odd, setAside, goneSetAside: unlisted.gone, stuck, subscriptions, paymentMethods, stacks: names, known,
    vms: [...vms, ...lostVms.found, ...unlisted.found], records: [...records, ...lostRecords.found],
    unsure: new Set([...lostVms.unsure, ...lostRecords.unsure]),
    lacking: new Set<ListName>([...(lostVms.isWhole ? [] : ["virtual machines" as const]), ...(isWhole && lostRecords.isWhole ? [] : ["DNS records" as const])]),
    doubts: [lostVms.doubt, lostRecords.doubt].filter((doubt) => doubt !== undefined),
    apiCalls: 3 + lostVms.calls + unlisted.calls + zone.calls - callsBefore,
  };
}

/** A VM that the API does not know is none; whatever else goes wrong says nothing. */
export async function orNone(vm: Promise<VirtualMachine>): Promise<VirtualMachine[]> {
  const found = await undefinedIfNotFound(vm);
  return found ? [found] : [];
}

async function listPaymentMethods({ paymentMethods }: FleetSources["hostinger"], signal: AbortSignal | undefined): Promise<PaymentMethod[] | undefined> {
  try {
    return await paymentMethods.list(signal ? { signal } : {});
  } catch {
    // What a sweep tells of the VMs does not depend on it.
    signal?.throwIfAborted();
    return undefined;
  }
}
