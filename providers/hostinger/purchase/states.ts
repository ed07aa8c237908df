/**
 * The states of a purchase and the edges between them. Pure: nothing here asks or waits.
 *
 *     intended ── the call ──> sent
 *        │ refused before it, or past its deadline and taken away
 *        v
 *     closed: nothing was sent
 *
 *     sent ──> seen(vm)                  the answer names a VM, or is a refusal beside which one shows (refusal.ts)
 *          ──> accepted(subscription)    200 or 202 without a VM: the order stands, payment or VM come later
 *          ──> closed: nothing bought    this very call was refused and nothing new shows (refusal.ts), or it certainly
 *                                        never left this machine
 *          ──> refused                   this very call was refused, but something new shows that may be its own, or another's
 *          ──> uncertain                 everything else: no answer, 5xx, an answer that cannot be read;
 *                                        a buyer that died leaves `sent`, which is as good as `uncertain`
 *     accepted  ──> seen                 a VM of that subscription is listed
 *               ──> closed               the order has come to nothing, by positive evidence
 *     uncertain ──> seen | accepted      evidence (evidence.ts), or a person names the VM
 *               ──> closed               a person, or PURCHASE_UNCERTAIN_POLICY once, says to buy again; a person gives up
 *     refused   ──> seen                 a VM that has its subscription or host name (evidence.ts), or a person names it
 *               ──> closed               all that showed is another's for certain; or a person, as above
 *     seen ──> closed                    the stack's saved state holds the VM's id
 *
 * Nobody but the outcome of the purchase call itself, evidence or a person moves a purchase out of
 * `sent`: no error of any other call and no timer does.
 */
export const PURCHASE_STATES = ["intended", "sent", "uncertain", "refused", "accepted", "seen", "closed"] as const;
export type PurchaseState = (typeof PURCHASE_STATES)[number];

/** From each state to those that may follow. */
export const PURCHASE_EDGES: Readonly<Record<PurchaseState, readonly PurchaseState[]>> = {
  intended: ["sent", "closed"],
  sent: ["seen", "accepted", "uncertain", "refused", "closed"],
  uncertain: ["seen", "accepted", "closed"],
  refused: ["seen", "closed"],
  accepted: ["seen", "closed"],
  seen: ["closed"],
  closed: [],
};

export function mayFollow(from: PurchaseState, to: PurchaseState): boolean {
  return PURCHASE_EDGES[from].includes(to);
}

/** Money may have been spent, and which VM it became is not known. */
export function isInDoubt(state: PurchaseState): boolean {
  return state === "sent" || state === "uncertain" || state === "refused";
}

/** Something may have been ordered: nobody else may buy for the same host name. */
export function mayHaveBought(state: PurchaseState): boolean {
  return state !== "intended" && state !== "closed";
}
