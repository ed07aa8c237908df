/** The purchase of a VM, at most once whatever dies when: states.ts has the drawing, obtain.ts the way. */
export { closePurchase, dropPurchase, isPurchaseOpen, purchaseOfVm } from "./close.ts";
export type { Obtained } from "./follow.ts";
export { readNewestScripts } from "./in-sight.ts";
export { withdrawIntents } from "./intents.ts";
export { abandonPurchase, leftPurchases } from "./left.ts";
export type { LeftPurchase } from "./left.ts";
export { obtainVm } from "./obtain.ts";
export type { PurchaseRecord } from "./record.ts";
export { refuseWhileOrdered } from "./order-of-script.ts";
export { readPurchases, resolvePurchase } from "./resolve.ts";
export type { DecidedBy, PurchaseDecision, ReadPurchasesOptions } from "./resolve.ts";
export type { PurchaseState } from "./states.ts";
