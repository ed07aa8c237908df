/** What belongs to nobody: VMs, DNS records, stacks. */
import { UserVpsError } from "../../providers/core/errors.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import { isHostingersOwn } from "../../providers/hostinger/hostinger-hostname.ts";
import { isRenewed } from "../../providers/hostinger/renewal.ts";
import { restStateOf } from "../../providers/hostinger/vm-state.ts";
import type { Subscription, VirtualMachine } from "../../providers/hostinger/api/client.ts";
import { parseUsername } from "../../stacks/username.ts";
import type { Finding, JudgeOptions } from "./finding.ts";
import { isBeingBought } from "./being-bought.ts";
import { ofNobody } from "./finding.ts";
import type { Observation } from "./observe.ts";
import type { FleetUser } from "./users.ts";

/** Types of records by which a host name leads to a machine. */
const LEADS_SOMEWHERE: ReadonlySet<string> = new Set(["A", "AAAA", "CNAME"]);

export interface OrphanOptions extends JudgeOptions {
  readonly subscriptionById: ReadonlyMap<string, Subscription>;
}

export function findOrphans(observation: Observation, options: OrphanOptions): Finding[] {
  const owned = whatIsOwned(observation);
  const see: Look = { observation, options, owned, ignored: new Set(options.ignoredNames.map((name) => name.toLowerCase())) };
  return [...orphanVms(see), ...orphanRecords(see), ...stacksWithoutRecord(see)];
}

interface Owned {
  /** Whoever had a VPS at either time may still be the owner of what was seen in between. */
  readonly rows: readonly FleetUser[];
  /** By user name. */
  readonly owners: ReadonlyMap<string, FleetUser>;
  /** Of owners and of stacks. */
  readonly names: ReadonlySet<string>;
  /** Somebody may have another host name than the one that follows from the user name. */
  readonly hostnames: ReadonlySet<string | null>;
  /** Of an older backend's users, who may have a VM that is not recorded. */
  readonly olderHostnames: ReadonlySet<string | null>;
  readonly vmIds: ReadonlySet<number | null>;
  /** Who had a VM and was given up, by its id. */
  readonly formerOwners: ReadonlyMap<number | null, FleetUser>;
}

interface Look {
  readonly observation: Observation;
  readonly options: OrphanOptions;
  readonly owned: Owned;
  readonly ignored: ReadonlySet<string>;
}

function whatIsOwned({ before, after, older = [], stacks }: Observation): Owned {
  const rows = [...before.values(), ...after.values()];
  const owners = new Map(rows.filter(({ status }) => status !== "deprovisioned").map((user) => [user.username, user]));
  return {
    rows, owners,
    names: new Set([...owners.keys(), ...stacks]),
    hostnames: new Set([...owners.values(), ...older].map(({ hostname }) => hostname)),
    olderHostnames: new Set(older.map(({ hostname }) => hostname)),
    vmIds: new Set([...owners.values(), ...older].map(({ hostingerVmId }) => hostingerVmId)),
    formerOwners: new Map(rows.filter(({ status }) => status === "deprovisioned").map((user) => [user.hostingerVmId, user])),
  };
}

function orphanVms({ observation, options, owned, ignored }: Look): Finding[] {
  const { domain, graceSeconds, nowMs, subscriptionById } = options;
  const findings: Finding[] = [];
  for (const vm of observation.vms) {
    const hostname = vm.hostname.toLowerCase();
    // The account pays for every VM, whatever it is called: also for one that was bought and never set up.
    const isNew = isHostingersOwn(hostname) ? isBeingBought(vm.createdAt, owned.rows, { graceSeconds, nowMs }) : isYoung(vm.createdAt, options);
    const subscription = subscriptionById.get(vm.subscriptionId ?? "");
    if (belongsToSomebody(vm.id, usernameOf(hostname, domain), owned) || owned.olderHostnames.has(hostname) || ignored.has(hostname) || isNew || isGivenUp(vm, subscription)) continue;
    const former = owned.formerOwners.get(vm.id);
    findings.push(ofNobody("OrphanVm", String(vm.id), former ? `given up by ${former.username}` : "belongs to a user", `VM ${vm.id} ${vm.hostname || "without a host name"}, ${vm.plan ?? "no plan"}, ${vm.state}, ${renewalOf(vm, subscription)}`));
  }
  return findings;
}

/** @param name of the user whom the VM's host name names */
function belongsToSomebody(vmId: number, name: string | undefined, { owners, names, vmIds }: Owned): boolean {
  if (vmIds.has(vmId)) return true;
  if (name === undefined || !names.has(name)) return false;
  // The owner's own VM is another one, by a record that nobody is about to change.
  const owner = owners.get(name);
  return !(owner?.settled === true && owner.hostingerVmId !== vmId);
}

/** One finding for each host name. */
function orphanRecords({ observation, options, owned, ignored }: Look): Finding[] {
  const contentsByName = new Map<string, string[]>();
  for (const { name, type, content, createdAt } of observation.records) {
    const hostname = name.toLowerCase();
    const username = usernameOf(hostname, options.domain);
    if (!LEADS_SOMEWHERE.has(type) || username === undefined || owned.names.has(username) || owned.hostnames.has(hostname) || ignored.has(hostname) || isYoung(createdAt, options)) continue;
    contentsByName.set(hostname, [...(contentsByName.get(hostname) ?? []), `${type} ${content}`]);
  }
  return [...contentsByName].map(([hostname, contents]) => ofNobody("OrphanRecord", hostname, "belongs to a user", `${hostname} ${contents.sort().join(", ")}`));
}

function stacksWithoutRecord({ observation, owned }: Look): Finding[] {
  return [...observation.stacks].filter((stack) => !owned.owners.has(stack)).map((stack) => ofNobody("StackWithoutRecord", stack, "a row in user_vps", `the stack ${stack}`));
}

function isYoung(createdAt: string | null, { graceSeconds, nowMs }: OrphanOptions): boolean {
  return createdAt !== null && nowMs - Date.parse(createdAt) < graceSeconds * SECOND_MS;
}

/** At rest and not renewed: what the API offers in place of a deletion. It ends with its term. */
function isGivenUp(vm: VirtualMachine, subscription: Subscription | undefined): boolean {
  if (restStateOf(vm) === undefined) return false;
  // A subscription that is not listed any more has ended; of a VM that names none, nobody knows.
  return subscription ? !isRenewed(subscription) : vm.subscriptionId !== null;
}

function renewalOf({ subscriptionId }: VirtualMachine, subscription: Subscription | undefined): string {
  if (subscription) return isRenewed(subscription) ? "renewed" : "not renewed";
  return subscriptionId === null ? "its subscription is not known, so it may be renewed" : "its subscription is not listed";
}

/** undefined for what no user can be called: other domains, the domain itself, names of services. */
function usernameOf(hostname: string, domain: string): string | undefined {
  if (!hostname.endsWith(`.${domain}`)) return undefined;
  const name = hostname.slice(0, -domain.length - 1);
  try {
    return parseUsername(name);
  } catch (error) {
    if (error instanceof UserVpsError) return undefined;
    throw error;
  }
}
