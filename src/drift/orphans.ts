/** What belongs to nobody: VMs, DNS records, stacks. */
import { UserVpsError } from "../../providers/core/errors.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import type { Subscription, VirtualMachine } from "../../providers/hostinger/api/client.ts";
import { parseUsername } from "../../stacks/username.ts";
import type { Finding, JudgeOptions } from "./judge.ts";
import type { Observation } from "./observe.ts";
import type { FleetUser } from "./users.ts";

/** Types of records by which a host name leads to a machine. */
const LEADS_SOMEWHERE: ReadonlySet<string> = new Set(["A", "AAAA", "CNAME"]);

export interface OrphanOptions extends JudgeOptions {
  readonly subscriptionById: ReadonlyMap<string, Subscription>;
}

export function findOrphans(observation: Observation, options: OrphanOptions): Finding[] {
  const { before, after, vms, records, stacks } = observation;
  const { domain, ignoredNames, graceSeconds, nowMs, subscriptionById } = options;
  const isYoung = (createdAt: string | null) => createdAt !== null && nowMs - Date.parse(createdAt) < graceSeconds * SECOND_MS;

  // Whoever had a VPS at either time may still be the owner of what was seen in between.
  const rows = [...before.values(), ...after.values()];
  const owners = new Map(rows.filter(({ status }) => status !== "deprovisioned").map((user) => [user.username, user]));
  const names = new Set([...owners.keys(), ...stacks]);
  // Somebody may have another host name than the one that follows from the user name.
  const ownedNames = new Set([...owners.values()].map(({ hostname }) => hostname));
  const ownedVms = new Set([...owners.values()].map(({ hostingerVmId }) => hostingerVmId));
  const formerVms = new Map(rows.filter(({ status }) => status === "deprovisioned").map((user) => [user.hostingerVmId, user]));
  const nameIn = (hostname: string) => usernameOf(hostname, domain);

  const findings: Finding[] = [];
  for (const vm of vms) {
    const name = nameIn(vm.hostname.toLowerCase());
    const owner = name === undefined ? undefined : owners.get(name);
    // The owner's own VM is another one, by a record that nobody is about to change.
    const isSecond = owner?.settled === true && owner.hostingerVmId !== vm.id;
    const belongs = ownedVms.has(vm.id) || (name !== undefined && names.has(name) && !isSecond);
    const isOurs = name !== undefined || formerVms.has(vm.id) || isSetAside(vm, domain);
    if (belongs || !isOurs || isYoung(vm.createdAt)) continue;
    const subscription = subscriptionById.get(vm.subscriptionId ?? "");
    if (isGivenUp(vm, subscription)) continue;
    findings.push(nobodys("OrphanVm", String(vm.id), formerVms.get(vm.id), `VM ${vm.id} ${vm.hostname || "without a host name"}, ${vm.plan ?? "no plan"}, ${vm.state}, ${subscription?.isAutoRenewed === false ? "not renewed" : "renewed"}`));
  }

  const ignored = new Set(ignoredNames.map((name) => name.toLowerCase()));
  const orphanNames = new Map<string, string[]>();
  for (const { name, type, content, createdAt } of records) {
    const hostname = name.toLowerCase();
    const username = nameIn(hostname);
    if (!LEADS_SOMEWHERE.has(type) || username === undefined || names.has(username) || ownedNames.has(hostname) || ignored.has(hostname) || isYoung(createdAt)) continue;
    orphanNames.set(hostname, [...(orphanNames.get(hostname) ?? []), `${type} ${content}`]);
  }
  for (const [hostname, contents] of orphanNames) findings.push(nobodys("OrphanRecord", hostname, undefined, `${hostname} ${contents.sort().join(", ")}`));

  for (const stack of stacks) {
    if (!owners.has(stack)) findings.push({ ...nobodys("StackWithoutRecord", stack, undefined, `the stack ${stack}`), declared: "a row in user_vps" });
  }
  return findings;
}

function nobodys(kind: Finding["kind"], subject: string, former: FleetUser | undefined, actual: string): Finding {
  return { kind, subject, userId: null, username: null, declared: former ? `given up by ${former.username}` : "belongs to a user", actual };
}

/** Given up for another VM of the same user; see src/provisioning/apply-change.ts. */
function isSetAside({ id, hostname }: VirtualMachine, domain: string): boolean {
  return hostname.toLowerCase().startsWith(`old-${id}.`) && hostname.toLowerCase().endsWith(`.${domain}`);
}

/** Stopped and not renewed: what the API offers in place of a deletion. It ends with its term. */
function isGivenUp(vm: VirtualMachine, subscription: Subscription | undefined): boolean {
  return ["stopped", "destroying", "destroyed"].includes(vm.state) && (subscription === undefined || !subscription.isAutoRenewed);
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
