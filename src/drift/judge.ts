/** What differs between what is recorded and what was seen. Pure: no call, no clock but the one handed in. */
import type { ZoneRecord } from "../../providers/cloudflare/api.ts";
import type { Subscription, VirtualMachine } from "../../providers/hostinger/api/client.ts";
import { findPlan } from "../../providers/hostinger/api/specification.ts";
import type { FindingKind } from "./kinds.ts";
import type { Observation } from "./observe.ts";
import { findOrphans } from "./orphans.ts";
import type { FleetUser } from "./users.ts";

export interface Finding {
  readonly kind: FindingKind;
  /** User name, host name of a record, or id of a VM. */
  readonly subject: string;
  readonly userId: string | null;
  readonly username: string | null;
  readonly declared: string;
  readonly actual: string;
}

export interface Judgement {
  readonly findings: readonly Finding[];
  /** Users whose recorded values were compared. */
  readonly examined: readonly FleetUser[];
  /** Users that are being worked on: nothing new is known about them. */
  readonly unexamined: readonly string[];
  /** VM and record are as declared, so only the health is left to tell. */
  readonly toProbe: readonly FleetUser[];
}

export interface JudgeOptions {
  readonly domain: string;
  readonly recordTtlSeconds: number;
  /** Full host names that are never orphans, such as `www.spoq.dev`. */
  readonly ignoredNames: readonly string[];
  /** What is younger is still being made. */
  readonly graceSeconds: number;
  readonly nowMs: number;
}

/** Every other state passes by itself, and is not judged meanwhile. */
const KIND_OF_STATE: Readonly<Record<string, FindingKind | undefined>> = {
  stopped: "VmStopped", error: "VmInError", initial: "VmInError", suspended: "VmSuspended", suspending: "VmSuspended", destroying: "VmGone", destroyed: "VmGone",
};

/** A VPS of which one of these is known cannot be healthy, so that is no news. */
const EXPLAINS_ILLNESS: ReadonlySet<FindingKind> = new Set([
  "VmGone", "VmStopped", "VmInError", "VmSuspended", "VmAddressDiffers", "RecordGone", "RecordDiffers", "RecordProxied", "RecordDoubled",
]);

export function judge(observation: Observation, options: JudgeOptions): Judgement {
  const { before, after, vms, subscriptions, records, stacks } = observation;
  const vmById = new Map(vms.map((vm) => [vm.id, vm]));
  const subscriptionById = new Map(subscriptions.map((subscription) => [subscription.id, subscription]));
  const recordsByName = Map.groupBy(records.filter(({ type }) => ["A", "AAAA", "CNAME"].includes(type)), ({ name }) => name.toLowerCase());

  const examined: FleetUser[] = [];
  const unexamined: string[] = [];
  const toProbe: FleetUser[] = [];
  const findings: Finding[] = [];
  for (const user of after.values()) {
    if (user.status === "deprovisioned") continue;
    const vm = vmById.get(user.hostingerVmId ?? NaN);
    const wasSame = before.get(user.username)?.settled && before.get(user.username)?.version === user.version;
    if (!user.settled || !wasSame || (vm && isPassing(vm))) {
      unexamined.push(user.username);
      continue;
    }
    examined.push(user);
    const found = [
      ...vmFindings(user, vm, subscriptionById),
      ...recordFindings(user, recordsByName.get(user.hostname) ?? [], options.recordTtlSeconds),
      ...(stacks.has(user.username) ? [] : [of(user, "RecordWithoutStack", `the stack ${user.username}`, "no such stack")]),
    ];
    findings.push(...found);
    if (!found.some(({ kind }) => EXPLAINS_ILLNESS.has(kind))) toProbe.push(user);
  }
  findings.push(...findOrphans(observation, { ...options, subscriptionById }));
  return { findings, examined, unexamined, toProbe };
}

function isPassing(vm: VirtualMachine): boolean {
  if (vm.state in KIND_OF_STATE) return false;
  return vm.state !== "running" || vm.actionsLock === "locked";
}

function of(user: FleetUser, kind: FindingKind, declared: string | number, actual: string | number): Finding {
  const { userId, username } = user;
  return { kind, subject: username, userId, username, declared: String(declared), actual: String(actual) };
}

function* vmFindings(user: FleetUser, vm: VirtualMachine | undefined, subscriptions: ReadonlyMap<string, Subscription>): Generator<Finding> {
  const kind = vm ? KIND_OF_STATE[vm.state] : "VmGone";
  if (kind) yield of(user, kind, `VM ${user.hostingerVmId} running`, vm ? vm.state : "no such VM");
  if (!vm || kind === "VmGone") return;
  const declaredPlan = findPlan(user.plan)?.planName;
  const address = vm.ipv4[0]?.address;
  const subscription = subscriptions.get(vm.subscriptionId ?? "");
  if (vm.hostname.toLowerCase() !== user.hostname) yield of(user, "VmRenamed", user.hostname, vm.hostname || "none");
  if (declaredPlan && vm.plan && vm.plan !== declaredPlan) yield of(user, "VmPlanDiffers", user.plan, findPlan(vm.plan)?.itemId ?? vm.plan);
  if (vm.template && vm.template.id !== user.templateId) yield of(user, "VmTemplateDiffers", user.templateId, vm.template.id);
  if (vm.dataCenterId && vm.dataCenterId !== user.dataCenterId) yield of(user, "VmDataCenterDiffers", user.dataCenterId, vm.dataCenterId);
  if (address && user.address && address !== user.address) yield of(user, "VmAddressDiffers", user.address, address);
  if (subscription && !subscription.isAutoRenewed) yield of(user, "AutoRenewalOff", "renewed automatically", `ends ${subscription.expiresAt?.slice(0, 10) ?? "with its term"}`);
}

/** The record that is meant is the one with the recorded address, else the first. */
function* recordFindings(user: FleetUser, records: readonly ZoneRecord[], ttlSeconds: number): Generator<Finding> {
  const declared = `A ${user.address} ttl ${ttlSeconds}`;
  const own = records.find(({ type, content }) => type === "A" && content === user.address) ?? records.find(({ type }) => type === "A") ?? records[0];
  if (!own) {
    yield of(user, "RecordGone", declared, "no record");
    return;
  }
  const actual = `${own.type} ${own.content} ttl ${own.ttl}`;
  // Cloudflare shows a proxied record with a time to live of its own.
  const ttlDiffers = !own.proxied && own.ttl !== ttlSeconds;
  if (own.type !== "A" || own.content !== user.address || ttlDiffers) yield of(user, "RecordDiffers", declared, actual);
  if (own.proxied) yield of(user, "RecordProxied", "not proxied", "proxied");
  const others = records.filter((record) => record !== own).map(({ type, content }) => `${type} ${content}`);
  if (others.length > 0) yield of(user, "RecordDoubled", `only A ${user.address}`, `also ${others.sort().join(", ")}`);
}
