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

/** Types of records by which a host name leads to a machine. */
const LEADS_SOMEWHERE: ReadonlySet<string> = new Set(["A", "AAAA", "CNAME"]);

export interface OrphanOptions extends JudgeOptions {
  readonly subscriptionById: ReadonlyMap<string, Subscription>;
}

export function findOrphans(observation: Observation, options: OrphanOptions): Finding[] {
  const { before, after, vms, records, stacks } = observation;
  const { domain, ignoredNames, graceSeconds, nowMs, subscriptionById } = options;
  // Whoever had a VPS at either time may still be the owner of what was seen in between.
  const rows = [...before.values(), ...after.values()];
  const isYoung = (createdAt: string | null) => createdAt !== null && nowMs - Date.parse(createdAt) < graceSeconds * SECOND_MS;
  const owners = new Map(rows.filter(({ status }) => status !== "deprovisioned").map((user) => [user.username, user]));
  const names = new Set([...owners.keys(), ...stacks]);
  // Somebody may have another host name than the one that follows from the user name.
  const ownedNames = new Set([...owners.values()].map(({ hostname }) => hostname));
  const ownedVms = new Set([...owners.values()].map(({ hostingerVmId }) => hostingerVmId));
  const formerVms = new Map(rows.filter(({ status }) => status === "deprovisioned").map((user) => [user.hostingerVmId, user]));
  const nameIn = (hostname: string) => usernameOf(hostname, domain);
  const ignored = new Set(ignoredNames.map((name) => name.toLowerCase()));

  const findings: Finding[] = [];
  for (const vm of vms) {
    const hostname = vm.hostname.toLowerCase();
    const name = nameIn(hostname);
    const owner = name === undefined ? undefined : owners.get(name);
    // The owner's own VM is another one, by a record that nobody is about to change.
    const isSecond = owner?.settled === true && owner.hostingerVmId !== vm.id;
    const belongs = ownedVms.has(vm.id) || (name !== undefined && names.has(name) && !isSecond);
    // The account pays for every VM, whatever it is called: also for one that was bought and never set up.
    const isExempt = ignored.has(hostname) || (isHostingersOwn(hostname) ? isBeingBought(vm.createdAt, rows, { graceSeconds, nowMs }) : isYoung(vm.createdAt));
    const subscription = subscriptionById.get(vm.subscriptionId ?? "");
    if (belongs || isExempt || isGivenUp(vm, subscription)) continue;
    const former = formerVms.get(vm.id);
    findings.push(ofNobody("OrphanVm", String(vm.id), former ? `given up by ${former.username}` : "belongs to a user", `VM ${vm.id} ${vm.hostname || "without a host name"}, ${vm.plan ?? "no plan"}, ${vm.state}, ${renewalOf(vm, subscription)}`));
  }

  const orphanNames = new Map<string, string[]>();
  for (const { name, type, content, createdAt } of records) {
    const hostname = name.toLowerCase();
    const username = nameIn(hostname);
    if (!LEADS_SOMEWHERE.has(type) || username === undefined || names.has(username) || ownedNames.has(hostname) || ignored.has(hostname) || isYoung(createdAt)) continue;
    orphanNames.set(hostname, [...(orphanNames.get(hostname) ?? []), `${type} ${content}`]);
  }
  for (const [hostname, contents] of orphanNames) findings.push(ofNobody("OrphanRecord", hostname, "belongs to a user", `${hostname} ${contents.sort().join(", ")}`));

  for (const stack of stacks) {
    if (!owners.has(stack)) findings.push(ofNobody("StackWithoutRecord", stack, "a row in user_vps", `the stack ${stack}`));
  }
  return findings;
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
