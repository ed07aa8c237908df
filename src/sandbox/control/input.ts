import { z } from "zod";

const text = z.string().min(1);
const durationMs = z.number().nonnegative();
const times = z.number().int().nonnegative();

const lateEffect = { afterEffect: z.boolean().optional(), effectAfterMs: durationMs.optional() };

const sending = {
  holdMs: durationMs.optional(),
  headers: z.record(z.string(), z.string()).optional(),
  cutAfterBytes: times.optional(),
  keepBytes: times.optional(),
  dripBytes: z.number().int().positive().optional(),
  dripEveryMs: durationMs.optional(),
};

const fault = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("delay"), delayMs: durationMs, when: z.enum(["before", "after"]).optional() }),
  z.strictObject({ kind: z.literal("answer"), edits: z.array(z.strictObject({ path: z.string(), value: z.unknown().optional() })).optional(), ...sending }),
  z.strictObject({
    kind: z.literal("status"),
    status: z.number().int().min(200).max(599),
    retryAfterSeconds: z.number().nonnegative().optional(),
    body: z.unknown().optional(),
    ...lateEffect,
    ...sending,
  }),
  z.strictObject({ kind: z.literal("drop-before") }),
  z.strictObject({ kind: z.literal("drop-after") }),
  z.strictObject({ kind: z.literal("reset"), ...lateEffect }),
  z.strictObject({ kind: z.literal("hang"), ...lateEffect }),
  z.strictObject({ kind: z.literal("garbage") }),
]);

export const faultRule = z.strictObject({
  api: z.enum(["hostinger", "cloudflare"]),
  method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]).optional(),
  path: text.optional(),
  bodyHas: text.optional(),
  times: times.optional(),
  skip: times.optional(),
  afterMs: durationMs.optional(),
  forMs: durationMs.optional(),
  fault,
});

export const bootRule = z.strictObject({
  hostname: text.optional(),
  times: times.default(1),
  bootMs: durationMs.optional(),
  scriptMs: durationMs.optional(),
  outcome: z.enum(["ok", "error", "initial", "suspended", "script-fails"]).default("ok"),
  failsInStep: z.number().int().positive().optional(),
  mayPass: z.boolean().optional(),
  cutOff: z.boolean().optional(),
});

const orderStatus = z.enum(["completed", "pending", "processing", "failed", "refunded", "cancelled", "awaiting_payment", "payment_initiated", "fraud_refund"]);
const purchaseAnswer = z.enum(["order", "order-only", "payment-initiated", "specification"]);

export const purchaseRule = z.strictObject({
  hostname: text.optional(),
  times: times.default(1),
  answer: purchaseAnswer.optional(),
  orderStatus: orderStatus.optional(),
  paidAfterMs: durationMs.nullable().optional(),
  failsAfterMs: durationMs.optional(),
  listedAfterMs: durationMs.nullable().optional(),
  listedAs: z.enum(["asked", "hostinger"]).optional(),
  setup: z.enum(["done", "fails"]).optional(),
});

export const orderChange = z.strictObject({ status: z.enum(["completed", "failed", "cancelled"]) });

export const actionRule = z.strictObject({
  hostname: text.optional(),
  times: times.default(1),
  name: text.optional(),
  durationMs: durationMs.optional(),
  outcome: z.enum(["ok", "error"]).default("ok"),
});

export const artefact = z.strictObject({
  url: z.url(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  version: text,
  hostname: text.optional(),
  downloads: z.boolean().default(true),
  healthy: z.boolean().default(true),
});

const identified = { id: z.number().int().positive(), name: text };
const cents = z.number().int().nonnegative();

/** Each list that is given replaces what was offered of its kind. */
export const offers = z.strictObject({
  plans: z.array(z.strictObject({
    itemId: text, name: text, cpus: times, memoryMb: times, diskMb: times, bandwidthMb: times, priceCents: cents, firstPeriodPriceCents: cents,
  })).optional(),
  dataCenters: z.array(z.strictObject({ ...identified, location: text, city: text, continent: text })).optional(),
  templates: z.array(z.strictObject({ ...identified, description: text, documentation: text })).optional(),
});

export const settings = z.strictObject({
  rateLimitPerMinute: times.optional(),
  purchaseAnswer: purchaseAnswer.optional(),
  scriptListContent: z.boolean().optional(),
  vmPublicKeys: z.boolean().optional(),
  paymentsDeclined: z.boolean().optional(),
  certificatesNeedDns: z.boolean().optional(),
  zoneRecordLimit: times.optional(),
  dateOffsetMs: z.number().optional(),
});

export const vmDrift = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.enum([
      "stopped", "started", "gone", "new-ip", "error", "initial", "suspended", "locked", "unlocked", "repaired", "healthy",
    ]),
  }),
  z.strictObject({ kind: z.literal("renamed"), hostname: text }),
  z.strictObject({ kind: z.literal("listed") }),
  z.strictObject({ kind: z.literal("root-keys"), keys: z.array(text) }),
  z.strictObject({ kind: z.literal("plan"), itemId: text }),
  z.strictObject({ kind: z.literal("template"), templateId: z.number().int() }),
  z.strictObject({ kind: z.literal("data-center"), dataCenterId: z.number().int() }),
  z.strictObject({ kind: z.literal("unhealthy"), status: z.number().int().default(503) }),
]);

export const recordDrift = z.discriminatedUnion("kind", [
  z.strictObject({ name: text, kind: z.literal("content"), content: text }),
  z.strictObject({ name: text, kind: z.literal("ttl"), ttl: z.number().int() }),
  z.strictObject({ name: text, kind: z.literal("removed") }),
  z.strictObject({ name: text, kind: z.literal("proxied"), proxied: z.boolean().default(true) }),
  z.strictObject({ name: text, kind: z.literal("doubled"), content: text.default("127.253.0.1") }),
]);

export const bulk = z.strictObject({
  count: z.number().int().positive(),
  prefix: text.default("user"),
  /** The number of the first one: `user1` and so on. */
  from: z.number().int().nonnegative().default(1),
  itemId: text.default("hostingercom-vps-kvm1-usd-1m"),
  dataCenterId: z.number().int().default(9),
  /** Whether the VMs answer over TLS; without, only the APIs and the DNS know them. */
  listeners: z.boolean().default(false),
  /** So many addresses serve all of them, with one certificate for the zone: for more VMs than a process has descriptors. */
  sharedListeners: z.number().int().nonnegative().default(0),
  records: z.boolean().default(true),
});

export type VmDrift = z.infer<typeof vmDrift>;
export type RecordDrift = z.infer<typeof recordDrift>;
export type Bulk = z.infer<typeof bulk>;
