/** What a sweep cannot tell to be over, since it did not see all that would show it. What it finds of it counts all the same. */
import type { ListName } from "./confirm-missing.ts";
import type { Finding } from "./finding.ts";
import type { FindingKind } from "./kinds.ts";
import type { Observation } from "./observe.ts";
import { seesAllPaidVms } from "./subscriptions.ts";

/** What is looked for in each list, but for what is told of each user by itself: who cannot be judged is left out there. */
const SHOWN_BY: Readonly<Record<ListName, readonly FindingKind[]>> = {
  "virtual machines": ["OrphanVm", "PoolMemberSetAside", "VmUnreadable"],
  "DNS records": ["OrphanRecord", "RecordDoubled"],
};
/** A VM whose subscription is not listed is told as that, and not what is known of the subscription besides. */
const SHOWN_BY_SUBSCRIPTIONS: readonly FindingKind[] = ["SubscriptionWithoutVm", "AutoRenewalOff", "PooledVmRenewed", "SubscriptionEndsSoon", "PaymentMethodEnds", "OrphanVm"];

export function unlookedKinds(observation: Pick<Observation, "lacking" | "odd" | "paymentMethods">, findings: readonly Finding[]): FindingKind[] {
  const doubtsSubscriptions = findings.some(({ kind, subject }) => kind === "ListDoubted" && subject === "subscriptions");
  return [
    ...[...(observation.lacking ?? [])].flatMap((list) => SHOWN_BY[list]),
    ...(seesAllPaidVms(observation) ? [] : ["SubscriptionWithoutVm" as const]),
    ...(doubtsSubscriptions ? SHOWN_BY_SUBSCRIPTIONS : []),
    ...(observation.paymentMethods ? [] : ["PaymentMethodEnds" as const]),
  ];
}
