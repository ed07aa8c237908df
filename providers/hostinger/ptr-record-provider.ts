/** The PtrRecord as Pulumi's engine drives it; loaded at run time by ptr-record.ts. */
import { isIP } from "node:net";
import { UserVpsError } from "../core/errors.ts";
import type { IpAddress, VirtualMachine } from "./api/client.ts";
import { findVm } from "./find-vm.ts";
import { runAction } from "./run-action.ts";
import type { NamedVm } from "./run-action.ts";
import { currentSession } from "./session.ts";
import { isHostname } from "../core/hostname.ts";
import { isUnknown, withoutProvider } from "./property-values.ts";
import { isAnothersNow, noteCreating, noteDeclared, noteKept, noteTakenOver } from "./taken-over.ts";
import { takeOff } from "./take-off.ts";
import { getVm } from "./wait-for-running.ts";

export { configure } from "./session.ts";

type Values = Record<string, unknown>;

export function check(_olds: Values, news: Values): { inputs: Values; failures: { property: string; reason: string }[] } {
  const failures: { property: string; reason: string }[] = [];
  const { vmId, address, hostname } = news;
  if (!isUnknown(vmId) && (!Number.isInteger(vmId) || Number(vmId) <= 0)) failures.push({ property: "vmId", reason: "expected a whole number above 0" });
  if (!isUnknown(address) && (typeof address !== "string" || isIP(address) === 0)) failures.push({ property: "address", reason: "expected an IP address" });
  if (!isUnknown(hostname) && !isHostname(hostname)) failures.push({ property: "hostname", reason: "expected a lower-case host name, for example alice.spoq.dev" });
  noteDeclared("reverse DNS entry", news);
  return { inputs: news, failures };
}

export function diff(_id: string, olds: Values, news: Values): { changes: boolean; replaces: string[] } {
  noteKept("reverse DNS entry", nameOf(news), news);
  const unknown = ["vmId", "address", "hostname"].some((property) => isUnknown(news[property]));
  return { changes: unknown || olds["vmId"] !== news["vmId"] || olds["address"] !== news["address"] || olds["ptr"] !== news["hostname"], replaces: [] };
}

export async function create(given: Values): Promise<{ id: string; outs: Values }> {
  noteCreating("reverse DNS entry", given);
  const outs = await establish(given);
  noteTakenOver("reverse DNS entry", nameOf(outs));
  return { id: "ptr", outs };
}

/** The address of before is somebody else's one day, and no state knows of its entry any more. */
export async function update(id: string, olds: Values, given: Values): Promise<{ outs: Values }> {
  const outs = await establish(given);
  if (nameOf(olds) !== nameOf(outs)) await deletePtrRecord(id, olds);
  return { outs };
}

/** An address that the VM no longer has took its entry along. */
export async function read(id: string, props: Values): Promise<{ id: string; props: Values }> {
  const vm = await findVm(currentSession(), namedVm(props));
  if (!vm) return { id: "", props: {} };
  return { id, props: { ...props, ptr: addressOf(vm, props)?.ptr ?? "" } };
}

/** An entry that somebody has given another name meanwhile is theirs. */
async function deletePtrRecord(_id: string, props: Values): Promise<void> {
  const session = currentSession();
  if (isAnothersNow("reverse DNS entry", nameOf(props))) return;
  const vm = await findVm(session, namedVm(props));
  const address = vm && addressOf(vm, props);
  if (!vm || !address || address.ptr !== props["hostname"]) return;
  await takeOff(session, { vmId: vm.id, hostname: vm.hostname }, "removing the reverse DNS entry", () =>
    session.client.virtualMachines.deletePtr(vm.id, idOf(address), { signal: session.signal }));
}
export { deletePtrRecord as delete };

async function establish(given: Values): Promise<Values> {
  const session = currentSession();
  const hostname = String(given["hostname"]);
  const vm = await getVm(session, Number(given["vmId"]), hostname);
  const address = addressOf(vm, given);
  if (!address) throw new UserVpsError("VM_MISMATCH", `VM ${vm.id} of ${hostname} has no address ${String(given["address"])}, so it can have no reverse DNS entry.`, { next: "Run `up --refresh`: the VM may have another address by now." });
  if (address.ptr !== hostname) {
    await runAction(session, { vmId: vm.id, hostname }, `setting the reverse DNS entry of ${address.address}`, () =>
      session.client.virtualMachines.setPtr(vm.id, idOf(address), hostname, { signal: session.signal }));
  }
  return { ...withoutProvider(given), ipAddressId: idOf(address), ptr: hostname };
}

/** An address has one entry. */
function nameOf({ vmId, address }: Values): string {
  return `of ${String(address)} of VM ${String(vmId)}`;
}

function namedVm(props: Values): NamedVm {
  return { vmId: Number(props["vmId"]), hostname: String(props["hostname"]) };
}

function addressOf(vm: VirtualMachine, { address }: Values): IpAddress | undefined {
  return [...vm.ipv4, ...vm.ipv6].find((one) => one.address === address);
}

/** The API's schema allows an address without an id, which then cannot be given an entry. */
function idOf({ id, address }: IpAddress): number {
  if (id === null) throw new UserVpsError("API_ANSWER_UNEXPECTED", `Hostinger's answer has no id for the address ${address}.`);
  return id;
}
