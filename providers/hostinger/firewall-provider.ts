/** The HostingerFirewall as Pulumi's engine drives it; loaded at run time by firewall.ts. */
import { UserVpsError } from "../core/errors.ts";
import { initializationFailed } from "../core/initialization-failed.ts";
import { poll } from "../core/polling.ts";
import { removeForSure } from "../core/removal.ts";
import { MINUTE_MS, SECOND_MS } from "../core/time.ts";
import type { Firewall, FirewallRuleRequest } from "./api/client.ts";
import { undefinedIfNotFound } from "./api/not-found.ts";
import { findVm } from "./find-vm.ts";
import { ruleFaults, sameRules } from "./firewall-rules.ts";
import { runAction } from "./run-action.ts";
import { currentSession } from "./session.ts";
import type { Session } from "./session.ts";
import { isUnknown, withoutProvider } from "./property-values.ts";
import { isAnothersNow, noteCreating, noteDeclared, noteKept, noteTakenOver } from "./taken-over.ts";
import { takeOff } from "./take-off.ts";
import { getVm } from "./wait-for-running.ts";

export { configure } from "./session.ts";

type Values = Record<string, unknown>;

/** How long the VMs may take to have changed rules. */
const SYNC_TIMEOUT_MS = 5 * MINUTE_MS;

interface Inputs {
  readonly name: string;
  readonly vmId: number;
  readonly rules: readonly FirewallRuleRequest[];
}

export function check(_olds: Values, news: Values): { inputs: Values; failures: { property: string; reason: string }[] } {
  const failures: { property: string; reason: string }[] = [];
  const { name, vmId, rules } = news;
  if (!isUnknown(name) && (typeof name !== "string" || name.trim() === "")) failures.push({ property: "name", reason: "expected a name that is not empty" });
  if (!isUnknown(vmId) && (!Number.isInteger(vmId) || Number(vmId) <= 0)) failures.push({ property: "vmId", reason: "expected a whole number above 0" });
  if (!isUnknown(rules)) failures.push(...ruleFaults(rules).map((reason) => ({ property: "rules", reason })));
  noteDeclared("firewall", news);
  return { inputs: news, failures };
}

/** The API cannot rename a firewall. Everything else is changed in place, so that the VM is never without one. */
export function diff(id: string, olds: Values, news: Values): { changes: boolean; replaces: string[] } {
  const replaces = !isUnknown(news["name"]) && olds["name"] !== news["name"] ? ["name"] : [];
  const unknown = ["name", "vmId", "rules"].some((property) => isUnknown(news[property]));
  const changes = unknown || replaces.length > 0 || olds["vmId"] !== news["vmId"] || !sameRules(rulesOf(olds), rulesOf(news)) || olds["active"] !== true || olds["synced"] !== true;
  if (replaces.length === 0) noteKept("firewall", id, news);
  return { changes, replaces };
}

/** A firewall of the same name is one whose creation was not answered, or a left-over: it is taken over. */
export async function create(given: Values): Promise<{ id: string; outs: Values }> {
  const session = currentSession();
  const { client, signal } = session;
  const inputs = inputsFrom(given);
  noteCreating("firewall", given);
  const present = (await client.firewalls.list({ signal })).filter(({ name }) => name === inputs.name).sort((a, b) => a.id - b.id)[0];
  const firewall = present ?? (await client.firewalls.create(inputs.name, { signal }));
  if (present) noteTakenOver("firewall", firewall.id);
  return { id: String(firewall.id), outs: await establish(session, firewall, inputs, given) };
}

export async function read(id: string, props: Values): Promise<{ id: string; props: Values }> {
  const session = currentSession();
  const { client, signal } = session;
  const firewall = await undefinedIfNotFound(client.firewalls.get(Number(id), { signal }));
  if (!firewall) return { id: "", props: {} };
  const vm = await findVm(session, { vmId: Number(props["vmId"]), hostname: String(props["name"]) });
  const declared = rulesOf(props);
  const actual = actualRules(firewall);
  return {
    id,
    props: { ...props, name: firewall.name, rules: sameRules(declared, actual) ? declared : actual, active: vm?.firewallGroupId === firewall.id, synced: firewall.isSynced },
  };
}

export async function update(id: string, olds: Values, given: Values): Promise<{ outs: Values }> {
  const session = currentSession();
  const inputs = inputsFrom(given);
  const firewall = await session.client.firewalls.get(Number(id), { signal: session.signal });
  if (typeof olds["vmId"] === "number" && olds["vmId"] !== inputs.vmId) await deactivate(session, firewall.id, inputs.name, olds["vmId"]);
  return { outs: await establish(session, firewall, inputs, given) };
}

/** A firewall that is still active on a VM is taken off it first. */
async function deleteFirewall(id: string, props: Values): Promise<void> {
  const session = currentSession();
  if (isAnothersNow("firewall", id)) return;
  await deactivate(session, Number(id), String(props["name"]), Number(props["vmId"]));
  const { client, signal } = session;
  await removeForSure({
    what: `Firewall ${id}`,
    remove: () => undefinedIfNotFound(client.firewalls.delete(Number(id), { signal })),
    isThere: async () => (await undefinedIfNotFound(client.firewalls.get(Number(id), { signal }))) !== undefined,
    signal,
  });
}
export { deleteFirewall as delete };

/** Rules first, so that a VM never gets a firewall without them; then the VM is put behind it. */
async function establish(session: Session, firewall: Firewall, inputs: Inputs, given: Values): Promise<Values> {
  const { client, signal } = session;
  let known: Values = { ...withoutProvider(given), firewallId: firewall.id, rules: actualRules(firewall), active: false, synced: false };
  try {
    if (!sameRules(actualRules(firewall), inputs.rules)) {
      session.report(`${inputs.name}: replacing the rules of firewall ${firewall.id}`);
      const replaced = await client.firewalls.replaceRules(firewall.id, inputs.rules, { sync: false, signal });
      if (!sameRules(actualRules(replaced), inputs.rules)) throw new UserVpsError("API_WITHOUT_EFFECT", `Firewall ${firewall.id} of ${inputs.name} does not have the rules that Hostinger took.`);
    }
    known = { ...known, rules: inputs.rules };
    const named = { vmId: inputs.vmId, hostname: inputs.name };
    const vm = await getVm(session, named.vmId, named.hostname);
    if (vm.firewallGroupId !== firewall.id) {
      await runAction(session, named, "activating the firewall", () => client.firewalls.activate(firewall.id, inputs.vmId, { signal }));
    }
    await bringToVms(session, firewall.id, inputs.name);
    return { ...known, active: true, synced: true };
  } catch (error) {
    throw initializationFailed(error, String(firewall.id), known, given);
  }
}

/** A locked VM takes no rules: then it is asked for again. */
async function bringToVms(session: Session, firewallId: number, name: string): Promise<void> {
  const { client, signal } = session;
  let asked = false;
  await poll({
    what: `the rules of firewall ${firewallId} of ${name} to be on the VM`,
    check: async () => {
      if ((await client.firewalls.get(firewallId, { signal })).isSynced) return true;
      if (!asked) session.report(`${name}: bringing the firewall's rules to the VM`);
      if (!asked) asked = await isTaken(client.firewalls.syncAll(firewallId, { signal }));
      return undefined;
    },
    initialIntervalMs: 0.2 * SECOND_MS,
    maxIntervalMs: 3 * SECOND_MS,
    factor: 1.5,
    timeoutMs: SYNC_TIMEOUT_MS,
    timeoutCode: "API_WITHOUT_EFFECT",
    signal,
  });
}

async function isTaken(call: Promise<void>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (error instanceof UserVpsError && error.code === "API_REJECTED") return false;
    throw error;
  }
}

async function deactivate(session: Session, firewallId: number, hostname: string, vmId: number): Promise<void> {
  const { client, signal } = session;
  const vm = await findVm(session, { vmId, hostname });
  if (vm?.firewallGroupId !== firewallId) return;
  await takeOff(session, { vmId, hostname }, "deactivating the firewall", () => client.firewalls.deactivate(firewallId, vmId, { signal }));
}

function actualRules(firewall: Firewall) {
  return firewall.rules.map(({ protocol, port, source, sourceDetail }) => ({ protocol, port, source, sourceDetail: sourceDetail ?? "any" }));
}

function rulesOf(values: Values): readonly FirewallRuleRequest[] {
  return Array.isArray(values["rules"]) ? (values["rules"] as FirewallRuleRequest[]) : [];
}

function inputsFrom(given: Values): Inputs {
  return { name: String(given["name"]), vmId: Number(given["vmId"]), rules: rulesOf(given) };
}
