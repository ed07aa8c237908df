/** The account's records, by what the provider has for them today: a mark, and VMs by host name. */
import { UserVpsError } from "../../providers/core/errors.ts";
import { listMarks, removeMarks, serverNowMs } from "../../providers/hostinger/purchase-mark.ts";
import { findByHostname } from "../../providers/hostinger/search.ts";
import type { PurchaseAccount } from "./account.ts";

export const purchaseAccount: PurchaseAccount = {
  async read(session, hostname) {
    const vm = await findByHostname(session, hostname);
    if (vm) return { state: "bought", vmId: vm.id, subscriptionId: vm.subscriptionId ?? undefined };
    const marks = await listMarks(session, hostname);
    return { state: marks.some(({ expiresAtMs }) => expiresAtMs > serverNowMs(session)) ? "open" : "none" };
  },
  async resolve(session, hostname, { kind }) {
    if (kind === "vm") throw new UserVpsError("CHANGE_REFUSED", "A VM cannot be named for a purchase yet.");
    await removeMarks(session, await listMarks(session, hostname));
  },
};
