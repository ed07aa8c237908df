/** What an interrupted run leaves in the state and in the zone, put in order before the next one. */
import { isDnsRecord } from "./dns-records.ts";
import type { LostDnsRecords, WantedRecord } from "./lost-dns-record.ts";
import type { StackState, StateResource } from "./state-backend.ts";

export interface InterruptedRunHelp {
  readonly dns: LostDnsRecords;
  readonly say: (text: string) => void;
  /** The engine keeps the pending creation of a resource, with a warning at every run, until it is told to forget it. */
  readonly forgetPendingOperations: () => Promise<void>;
}

/**
 * Resolves the pending operations that are safe to resolve without looking (a VM is adopted by its
 * host name, a script taken over by its name, credentials and health check are made in the state
 * alone) and the one that is not: a DNS record that was made, but whose answer was lost, would make
 * the next creation fail as a duplicate.
 */
export async function clearInterruptedRun(state: StackState, help: InterruptedRunHelp): Promise<void> {
  const known = state.resources.find(isDnsRecord);
  if (!known) {
    const pending = state.pendingOperations.find(({ type, resource }) => type === "creating" && isDnsRecord(resource))?.resource;
    const wanted = wantedRecord(pending, state.resources);
    if (wanted && (await help.dns.removeUnknown(wanted))) help.say(`the DNS record of ${wanted.name} was made by an interrupted run; it is made anew`);
  }
  if (state.pendingOperations.length > 0) await help.forgetPendingOperations();
}

/** What this stack would have made: told by the interrupted creation, else by the VM that is there already. */
function wantedRecord(pending: StateResource | undefined, resources: readonly StateResource[]): WantedRecord | undefined {
  const inputs = pending?.inputs ?? {};
  const vm = resources.find(({ type }) => type.endsWith(":VirtualMachine"))?.outputs ?? {};
  const name = inputs["name"] ?? vm["hostname"];
  const content = inputs["content"] ?? vm["ipv4"];
  return typeof name === "string" && typeof content === "string" ? { name, content } : undefined;
}
