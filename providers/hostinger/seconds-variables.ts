/** Environment variables that hold a number of seconds; the documents are made from them. */
export const SECONDS_VARIABLES = {
  purchaseTimeoutMs: { name: "HOSTINGER_PURCHASE_TIMEOUT_SECONDS", defaultSeconds: 60, description: "How long one purchase call may be in flight." },
  purchaseIntentMs: { name: "HOSTINGER_PURCHASE_INTENT_SECONDS", defaultSeconds: 60, description: "How long after its intent was written down a purchase may begin." },
  purchaseSettleMs: { name: "HOSTINGER_PURCHASE_SETTLE_SECONDS", defaultSeconds: 10 * 60, description: "After that long a purchase whose outcome is not known, and of which nothing shows, is for a person to decide." },
  runningTimeoutMs: { name: "HOSTINGER_RUNNING_TIMEOUT_SECONDS", defaultSeconds: 15 * 60, description: "How long a VM may take to be running." },
  notFoundGraceMs: { name: "HOSTINGER_NOT_FOUND_GRACE_SECONDS", defaultSeconds: 3 * 60, description: "How long a VM that was sold or shown may not be found before it counts as gone." },
  initialGraceMs: { name: "HOSTINGER_INITIAL_GRACE_SECONDS", defaultSeconds: 15, description: "How long a bought VM may stay in `initial` before its setup is asked for once more." },
} as const;
