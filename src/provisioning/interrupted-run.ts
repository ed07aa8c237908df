/** What an interrupted run leaves in the state and in the zone, put in order before the next one. */
import { isDnsRecord } from "./dns-records.ts";
import type { LostDnsRecords, WantedRecord } from "./lost-dns-record.ts";
import type { StackState, StateResource } from "./state-backend.ts";

export interface InterruptedRunHelp {
  readonly removeUnknown: LostDnsRecords["removeUnknown"];
  readonly say: (text: string) => void;
  /** The engine keeps the pending creation of a resource, with a warning at every run, until it is told to forget it. What is told of besides goes with it. */
  readonly forget: (isForgotten: (resource: StateResource) => boolean) => Promise<void>;
}

/** Where the stack's DNS record is to be by now. */
export interface DeclaredZone {
  readonly zoneId: string | undefined;
  readonly domain: string | undefined;
}

/**
 * Resolves the pending operations that are safe to resolve without looking (a VM is adopted by its
 * host name, a script taken over by its name, credentials and health check are made in the state
 * alone) and the one that is not: a DNS record that was made, but whose answer was lost, would make
 * the next creation fail as a duplicate. So would one that was copied into another zone of the same
 * domain, as when that moves to another account: the one before is then forgotten, for its zone serves nobody any more and may be out of reach.
 */
export async function clearInterruptedRun(state: StackState, declared: DeclaredZone, help: InterruptedRunHelp): Promise<void> {
  const isLeftBehind = (resource: StateResource) => isDnsRecord(resource) && isInFormerZone(resource, declared);
  const known = state.resources.find((resource) => isDnsRecord(resource) && !isLeftBehind(resource));
  const isMoved = state.resources.some(isLeftBehind);
  if (!known) {
    const pending = state.pendingOperations.find(({ type, resource }) => type === "creating" && isDnsRecord(resource))?.resource;
    const wanted = wantedRecord(pending, state.resources);
    if (wanted && (await help.removeUnknown(wanted))) help.say(`the DNS record of ${wanted.name} was made by an interrupted run, or with the zone; it is made anew`);
  }
  if (isMoved) help.say(`the DNS record in the zone of before is forgotten; it is made in ${declared.zoneId}`);
  if (isMoved || state.pendingOperations.length > 0) await help.forget(isLeftBehind);
}

/** A name of another domain than is declared stays where it is until its user is renamed, and is then removed there. */
function isInFormerZone({ inputs = {}, outputs = {} }: StateResource, { zoneId, domain }: DeclaredZone): boolean {
  const { zoneId: inZone, name } = { ...inputs, ...outputs };
  return zoneId !== undefined && typeof inZone === "string" && inZone !== zoneId && typeof name === "string" && name.endsWith(`.${domain}`);
}

/** What this stack would have made: told by the interrupted creation, else by the VM that is there already. */
function wantedRecord(pending: StateResource | undefined, resources: readonly StateResource[]): WantedRecord | undefined {
  const inputs = pending?.inputs ?? {};
  const vm = resources.find(({ type }) => type.endsWith(":VirtualMachine"))?.outputs ?? {};
  const name = inputs["name"] ?? vm["hostname"];
  const content = inputs["content"] ?? vm["ipv4"];
  return typeof name === "string" && typeof content === "string" ? { name, content } : undefined;
}
