/** The purchase records in the Hostinger account, as the books look at them. */
import { readPurchases, resolvePurchase, withdrawIntents } from "../../providers/hostinger/purchase/index.ts";
import type { PurchaseRecord } from "../../providers/hostinger/purchase/index.ts";
import type { AccountPurchase, PurchaseAccount } from "./account.ts";

const SAYS: Readonly<Record<PurchaseRecord["state"], AccountPurchase["state"]>> = {
  intended: "intended", sent: "doubt", uncertain: "doubt", refused: "doubt", accepted: "accepted", seen: "bought", closed: "none",
};
/** Of several, the one that tells most counts. */
const TELLING: readonly AccountPurchase["state"][] = ["bought", "accepted", "doubt", "intended", "none"];

export const purchaseAccount: PurchaseAccount = {
  async read(session, hostname) {
    const said = (await readPurchases(session, hostname)).map(({ state, orderId, subscriptionId, vmId }): AccountPurchase => ({ state: SAYS[state], orderId, subscriptionId, vmId }));
    return said.toSorted((a, b) => TELLING.indexOf(a.state) - TELLING.indexOf(b.state))[0] ?? { state: "none" };
  },
  withdrawIntents,
  async resolve(session, hostname, { kind, vmId, by, why }) {
    await resolvePurchase(session, hostname, kind === "vm" ? { kind, vmId: vmId! } : { kind }, { who: by, why });
  },
};
