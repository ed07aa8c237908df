import { messageOf } from "../../core/errors.ts";
import { SECOND_MS } from "../../core/time.ts";
import type { PurchaseOutcome, VmList } from "../api/client.ts";
import type { Session } from "../session.ts";
import type { VirtualMachineInputs } from "../virtual-machine-args.ts";
import { removeRecord, serverNowMs, writeWherever } from "./account.ts";
import { follow, take } from "./follow.ts";
import type { Obtained } from "./follow.ts";
import { moved, refusalOf } from "./record.ts";
import type { PurchaseData, PurchaseRecord } from "./record.ts";
import { shownAfterRefusal } from "./refusal.ts";
import type { PurchaseState } from "./states.ts";

/** What is tidied up after a failure or a cancellation may take so long. */
export const TIDY_UP = { signal: null, timeoutMs: 15 * SECOND_MS } as const;
/** What the call came to is written down even if nobody waits for it any more. */
const TO_THE_END = { signal: null } as const;

/** What the call came to is written down; that this fails changes nothing of it. */
export async function afterCall(session: Session, inputs: VirtualMachineInputs, sent: PurchaseRecord, outcome: PurchaseOutcome, earlier: readonly PurchaseRecord[]): Promise<Obtained | undefined> {
  const { hostname } = inputs;
  const note = async (to: PurchaseState, known: Partial<PurchaseData>): Promise<PurchaseRecord> => {
    const next = moved(sent, to, serverNowMs(session), known);
    const written = await writeWherever(session, next, TO_THE_END).catch((error: unknown) => {
      session.report(`${hostname}: that the purchase is ${to} could not be written down: ${messageOf(error)}`);
      return undefined;
    });
    // What a person or the policy closed has led to this one, which remembers it.
    for (const closed of earlier.filter(({ state }) => state === "closed")) await removeRecord(session, closed.id, TIDY_UP).catch(() => undefined);
    return written ?? next;
  };
  const over = async (because: Error): Promise<never> => {
    // It stays as `sent` where even this fails: then a person decides.
    await removeRecord(session, sent.id, TO_THE_END).catch((error: unknown) => session.report(`${hostname}: the record of the refused purchase could not be removed: ${messageOf(error)}`));
    throw because;
  };
  switch (outcome.kind) {
    case "named": {
      const { vmId, orderId, subscriptionId, vm } = outcome;
      return { ...(await take(session, inputs, { ...(await note("seen", { vmId, orderId, subscriptionId })), vmId }, "bought")), vm };
    }
    case "accepted": {
      const { orderId, subscriptionId } = outcome;
      return await follow(session, inputs, await note("accepted", { orderId, subscriptionId }));
    }
    case "unknown":
      session.report(`${hostname}: the purchase's outcome is unknown; looking for its VM`);
      return await follow(session, inputs, await note("uncertain", { reason: outcome.said }));
    case "refused": {
      const shown = await shownAfterRefusal(session, sent, outcome, inputs.allowReplaceOf);
      if (shown === undefined) return await over(outcome.error);
      session.report(`${hostname}: the purchase was refused, but may have been made: ${shown.what}`);
      const known = { subscriptionId: shown.subscriptionId, vmId: shown.vmId, reason: `${outcome.error.bareMessage} But ${shown.what}.`, refusal: refusalOf(outcome.error, shown.shows) };
      return await follow(session, inputs, await note(shown.vmId === undefined ? "refused" : "seen", known));
    }
    case "notSent":
      return await over(outcome.error);
  }
}

/** What was there before the call is not what it bought, whatever the answer says: then nobody knows. */
export function newOnly(outcome: PurchaseOutcome, { vms, odd }: VmList): PurchaseOutcome {
  if (outcome.kind !== "named" && outcome.kind !== "accepted" && outcome.kind !== "refused") return outcome;
  const vmId = outcome.kind === "named" ? outcome.vmId : undefined;
  const { subscriptionId } = outcome;
  const known = [...vms, ...odd].find((vm) => (vmId !== undefined && vm.id === vmId) || (subscriptionId !== undefined && vm.subscriptionId === subscriptionId));
  if (!known) return outcome;
  return { kind: "unknown", said: `The purchase was answered with ${known.id === vmId ? `VM ${vmId}` : `the subscription ${subscriptionId} of VM ${known.id}`}, which was there before.` };
}
