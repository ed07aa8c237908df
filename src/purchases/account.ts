/** The purchase records in the Hostinger account, as far as the books look at them: see providers/hostinger/purchase. */
import type { Session } from "../../providers/hostinger/session.ts";
import type { PurchaseDecision } from "./purchase.ts";

/** What the account says of the purchases for a host name. */
export interface AccountPurchase {
  /**
   * `none`: nothing was sent, or it was refused, or the stack has the VM. `intended`: a buyer may be about to send it.
   * `doubt`: it may have been sent, and nobody knows.
   */
  readonly state: "none" | "intended" | "doubt" | "accepted" | "bought";
  readonly orderId?: string | undefined;
  readonly subscriptionId?: string | undefined;
  readonly vmId?: number | undefined;
}

export interface PurchaseAccount {
  /** @throws UserVpsError API_* : then nothing is concluded */
  read(session: Session, hostname: string): Promise<AccountPurchase>;
  /** Takes away what is `intended` and is not sent any more, its deadline being over. @throws UserVpsError API_* */
  withdrawIntents(session: Session, hostname: string, mayWithdraw: () => Promise<boolean>): Promise<void>;
  /** Writes an operator's decision into the record, so that every possible buyer sees it. */
  resolve(session: Session, hostname: string, decision: PurchaseDecision): Promise<void>;
}
