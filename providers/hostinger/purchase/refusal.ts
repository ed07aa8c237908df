/**
 * A purchase that was answered with a refusal. Hostinger takes the payment first and sets the VM up then, and a setup that
 * fails may be told by the same answer as an order that was never made: so the lists are looked at before it counts as none.
 * What is new there is its own only if nobody else can have bought it; else it is `refused`, until all of it is another's for certain.
 */
import { UserVpsError, messageOf } from "../../core/errors.ts";
import type { ErrorCode } from "../../core/errors.ts";
import type { PurchaseOutcome } from "../api/client.ts";
import type { Session } from "../session.ts";
import { lookForEvidence } from "./follow.ts";
import type { PurchaseRecord, Showing } from "./record.ts";

/** What is refused like this was refused before anything was ordered, or paid. */
const BEFORE_ANY_ORDER: ReadonlySet<ErrorCode> = new Set(["API_UNAUTHORIZED", "API_FORBIDDEN", "PAYMENT_REFUSED"]);
/** As invalid: that it was the payment is then told by its words alone, which may just as well tell of a payment that was made. */
const UNPROCESSABLE = 422;

/** What may be its own all the same. */
export interface Shown {
  /** It certainly is this VM; undefined: nobody knows. */
  readonly vmId: number | undefined;
  /** It certainly is of this subscription; undefined: nobody knows. */
  readonly subscriptionId: string | undefined;
  /** What else showed. */
  readonly shows: Showing;
  /** For people. */
  readonly what: string;
}

/**
 * Undefined: nothing was bought.
 * @param except a VM that is to be given up for the one that was to be bought
 */
export async function shownAfterRefusal(session: Session, sent: PurchaseRecord, { error, subscriptionId }: PurchaseOutcome & { readonly kind: "refused" }, except: number | undefined): Promise<Shown | undefined> {
  if (subscriptionId === undefined && BEFORE_ANY_ORDER.has(error.code) && error.status !== UNPROCESSABLE) return undefined;
  const nothing = { vmId: undefined, subscriptionId, shows: { vmIds: [], subscriptionIds: [] } };
  try {
    // Also for a run that was cancelled meanwhile: it need not leave a doubt.
    const found = await lookForEvidence({ ...session, signal: null }, subscriptionId === undefined ? sent : { ...sent, subscriptionId }, except, true);
    if (found.kind === "failed" || (found.kind === "none" && found.isClear)) return undefined;
    if (found.kind === "vm") return { ...nothing, vmId: found.vmId, what: `VM ${found.vmId} is there: ${found.because}` };
    if (found.kind === "order") return { ...nothing, subscriptionId: found.subscriptionId, what: `subscription ${found.subscriptionId} is there: ${found.because}` };
    return { ...nothing, shows: found.shows, what: found.looked };
  } catch (trouble) {
    if (!(trouble instanceof UserVpsError)) throw trouble;
    return { ...nothing, what: `what is there now cannot be asked: ${messageOf(trouble)}` };
  }
}
