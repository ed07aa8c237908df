/** What differs between what is recorded and what was seen. Pure: no call, no clock but the one handed in. */
import type { ZoneRecord } from "../../providers/cloudflare/api.ts";
import { moment } from "../../providers/core/time.ts";
import type { VirtualMachine } from "../../providers/hostinger/api/client.ts";
import { findPlan } from "../../providers/hostinger/api/specification.ts";
import { ofUser } from "./finding.ts";
import type { Finding, JudgeOptions } from "./finding.ts";
import type { FindingKind } from "./kinds.ts";
import type { Observation } from "./observe.ts";
import { findOrphans } from "./orphans.ts";
import { findMoneyTrouble, subscriptionFindings } from "./subscriptions.ts";
import { setAsideMembers } from "./set-aside-members.ts";
import { unreadableVms } from "./unreadable-vms.ts";
import { isJudgeable } from "./users.ts";
import type { FleetUser } from "./users.ts";

export interface Judgement {
  readonly findings: readonly Finding[];
  /** Users whose recorded values were compared. */
  readonly examined: readonly FleetUser[];
  /** Users that are being worked on, by whomever: nothing new is known about them. */
  readonly unexamined: readonly string[];
  /** VM and record are as declared, so only the health is left to tell. */
  readonly toProbe: readonly FleetUser[];
  /** VMs at something that passes by itself, if nobody is working on them here. */
  readonly passing: readonly number[];
}

/** Every other state should pass by itself, and is not judged meanwhile, unless the VM is stuck in it. */
const KIND_OF_STATE: Readonly<Record<string, FindingKind | undefined>> = {
  stopped: "VmStopped", error: "VmInError", initial: "VmInError", recovery: "VmInError", suspended: "VmSuspended", suspending: "VmSuspended", destroying: "VmGone", destroyed: "VmGone",
};

/** A VPS of which one of these is known cannot be healthy, so that is no news. */
const EXPLAINS_ILLNESS: ReadonlySet<FindingKind> = new Set([
  "VmGone", "VmStopped", "VmInError", "VmSuspended", "VmAddressDiffers", "RecordGone", "RecordDiffers", "RecordProxied", "RecordDoubled",
]);

export function judge(observation: Observation, options: JudgeOptions): Judgement {
  const subscriptionById = new Map(observation.subscriptions.map((subscription) => [subscription.id, subscription]));
  const users = judgeUsers(observation, options);
  const findings = [...users.findings, ...(observation.doubts ?? []), ...unreadableVms(observation), ...findOrphans(observation, { ...options, subscriptionById }), ...findMoneyTrouble(observation, options), ...setAsideMembers(observation)];
  return { ...users, findings };
}

/** Only what is recorded of users, without what belongs to nobody. */
export function judgeUsers(observation: Observation, options: JudgeOptions): Judgement {
  const { before, after, vms, subscriptions, records, stacks, unsure, stuck } = observation;
  const vmById = new Map(vms.map((vm) => [vm.id, vm]));
  const subscriptionById = new Map(subscriptions.map((subscription) => [subscription.id, subscription]));
  const recordsByName = Map.groupBy(records.filter(({ type }) => ["A", "AAAA", "CNAME"].includes(type)), ({ name }) => name.toLowerCase());

  const examined: FleetUser[] = [];
  const unexamined: string[] = [];
  const toProbe: FleetUser[] = [];
  const passing: number[] = [];
  const findings: Finding[] = [];
  for (const user of after.values()) {
    if (user.status === "deprovisioned") continue;
    const vm = vmById.get(user.hostingerVmId ?? NaN);
    const isKnown = isJudgeable(user, before.get(user.username)) && !unsure?.has(user.username);
    const isUnderWay = vm !== undefined && isPassing(vm);
    const stuckSince = isUnderWay ? stuck?.get(vm.id) : undefined;
    if (isKnown && isUnderWay) passing.push(vm.id);
    if (!isKnown || (isUnderWay && !stuckSince)) {
      unexamined.push(user.username);
      continue;
    }
    // Nothing of a suspended user is to be as declared, but that the VM is at rest.
    if (user.status === "suspended") {
      if (vm?.state === "running") findings.push(ofUser(user, "SuspendedUserRuns", `VM ${vm.id} stopped`, "running"));
      continue;
    }
    examined.push(user);
    const found = [
      ...vmFindings(user, vm, stuckSince),
      ...(vm ? subscriptionFindings(user, vm, subscriptionById, options.nowMs) : []),
      ...(user.isPooled ? [] : recordFindings(user, recordsByName.get(user.hostname) ?? [], options.recordTtlSeconds)),
      ...(stacks.has(user.username) ? [] : [ofUser(user, "RecordWithoutStack", `the stack ${user.username}`, "no such stack")]),
    ];
    findings.push(...found);
    if (!found.some(({ kind }) => EXPLAINS_ILLNESS.has(kind))) toProbe.push(user);
  }
  return { findings, examined, unexamined, toProbe, passing };
}

function isPassing(vm: VirtualMachine): boolean {
  if (vm.state in KIND_OF_STATE) return false;
  return vm.state !== "running" || vm.actionsLock === "locked";
}

/** @param stuckSince of a VM whose state, or lock, should have passed */
function* vmFindings(user: FleetUser, vm: VirtualMachine | undefined, stuckSince: Date | undefined): Generator<Finding> {
  const kind = vm ? KIND_OF_STATE[vm.state] : "VmGone";
  if (kind) yield ofUser(user, kind, `VM ${user.hostingerVmId} running`, vm ? vm.state : "no such VM");
  // One that is only locked may be as it should: its health tells.
  if (vm && stuckSince && vm.state !== "running") yield ofUser(user, "VmInError", `VM ${vm.id} running`, `${vm.state} since ${moment(stuckSince)} UTC`);
  if (!vm || kind === "VmGone") return;
  const declaredPlan = findPlan(user.plan)?.planName;
  const address = vm.ipv4[0]?.address;
  if (vm.hostname.toLowerCase() !== user.hostname) yield ofUser(user, "VmRenamed", user.hostname, vm.hostname || "none");
  if (declaredPlan && vm.plan && vm.plan !== declaredPlan) yield ofUser(user, "VmPlanDiffers", user.plan, findPlan(vm.plan)?.itemId ?? vm.plan);
  if (vm.template && vm.template.id !== user.templateId) yield ofUser(user, "VmTemplateDiffers", user.templateId, vm.template.id);
  if (vm.dataCenterId && vm.dataCenterId !== user.dataCenterId) yield ofUser(user, "VmDataCenterDiffers", user.dataCenterId, vm.dataCenterId);
  if (address && user.address && address !== user.address) yield ofUser(user, "VmAddressDiffers", user.address, address);
}

/** The record that is meant is the one with the recorded address, else the first. */
function* recordFindings(user: FleetUser, records: readonly ZoneRecord[], ttlSeconds: number): Generator<Finding> {
  const declared = `A ${user.address} ttl ${ttlSeconds}`;
  const own = records.find(({ type, content }) => type === "A" && content === user.address) ?? records.find(({ type }) => type === "A") ?? records[0];
  if (!own) {
    yield ofUser(user, "RecordGone", declared, "no record");
    return;
  }
  const actual = `${own.type} ${own.content} ttl ${own.ttl}`;
  // Cloudflare shows a proxied record with a time to live of its own.
  const ttlDiffers = !own.proxied && own.ttl !== ttlSeconds;
  if (own.type !== "A" || own.content !== user.address || ttlDiffers) yield ofUser(user, "RecordDiffers", declared, actual);
  if (own.proxied) yield ofUser(user, "RecordProxied", "not proxied", "proxied");
  const others = records.filter((record) => record !== own).map(({ type, content }) => `${type} ${content}`);
  if (others.length > 0) yield ofUser(user, "RecordDoubled", `only A ${user.address}`, `also ${others.sort().join(", ")}`);
}
