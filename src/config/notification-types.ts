/** What can be told: docs/notifications.md has what each holds. The events are written by triggers (migration 220), but for `test`. */
export const NOTIFICATION_TYPES = {
  "vps.ready": "A user's VPS is ready: for the first time, or again.",
  "vps.failed": "A user's VPS needs somebody: it does not go on by itself.",
  "vps.given_up": "A user's VPS is given up: stopped, and not renewed.",
  "purchase.uncertain": "Nobody knows whether a VPS was bought; an operator has to decide.",
  "purchase.awaiting_payment": "An order stands, its payment is under way.",
  "cap.reached": "Users wait for a guard that stands before purchases: once a day each.",
  "breaker.opened": "A payment was refused: nothing is bought but a probe now and then.",
  "breaker.closed": "A payment has succeeded again.",
  "findings.new": "A sweep found what was not there before, all of it in one message.",
  "subscription.ends": "What pays a VPS in use ends soon, or is not renewed.",
  "payment_method.ends": "The account's payment method cannot pay the next renewals.",
  "roll_out.stopped": "A roll-out had as many failures as it may have, and was stopped.",
  test: "An operator asked for it; it is sent to one target, whatever that wants.",
} as const;

export type NotificationType = keyof typeof NOTIFICATION_TYPES;
export const NOTIFICATION_TYPE_NAMES = Object.keys(NOTIFICATION_TYPES) as [NotificationType, ...NotificationType[]];

/** `*`, `vps.*` or a type's own name. */
export function isWanted(type: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => pattern === type || pattern === "*" || (pattern.endsWith(".*") && type.startsWith(pattern.slice(0, -1))));
}

export function isTypePattern(pattern: string): boolean {
  return NOTIFICATION_TYPE_NAMES.some((type) => isWanted(type, [pattern]));
}
