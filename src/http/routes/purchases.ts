import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { DAY_MS } from "../../../providers/core/time.ts";
import { inTransaction } from "../../db/transaction.ts";
import { BREAKER_STATES, DECISIONS, listPurchases, probeAtOnce, PURCHASE_STATES, readOverview, setSwitch, WAITING_KINDS } from "../../purchases/index.ts";
import type { Purchase, PurchaseOverview } from "../../purchases/index.ts";
import { REASON, refusals } from "../answers.ts";
import { callerOf } from "../caller.ts";
import type { HttpContext, HttpSettings } from "../context.ts";
import { USERNAME_PARAMS } from "../operated-user.ts";
import { NUMBERED_PAGE, pageOf, pageView } from "../paging.ts";

const QUERY = z.strictObject({
  username: USERNAME_PARAMS.shape.username.optional().describe("Only of this user."),
  state: z.enum(PURCHASE_STATES).optional(),
  ...NUMBERED_PAGE,
});

const time = z.iso.datetime().nullable();

const PURCHASE = z.object({
  purchaseId: z.int(),
  username: z.string(),
  hostname: z.string(),
  plan: z.string().describe("Hostinger's catalog item."),
  purpose: z.enum(["signup", "replace"]),
  state: z.enum(PURCHASE_STATES),
  waitsFor: z.enum(WAITING_KINDS).nullable(),
  priceCents: z.int().nullable().describe("Of the first term; null: not known."),
  currency: z.string().nullable(),
  orderId: z.string().nullable(),
  subscriptionId: z.string().nullable(),
  vmId: z.number().nullable(),
  askedAt: z.iso.datetime(),
  reservedAt: time.describe("From then on it counts against the caps."),
  boughtAt: time,
  endedAt: time.describe("When it came to nothing."),
  paidUntil: time,
  daysLeft: z.int().nullable().describe("Whole days of the paid term; null: not known."),
  evidence: z.string().nullable().describe("Of a purchase in doubt: what was looked at."),
  decision: z.object({ kind: z.enum(DECISIONS), vmId: z.number().nullable(), by: z.string(), why: z.string(), at: z.iso.datetime() }).nullable(),
}).meta({ id: "Purchase" });

export type PurchaseView = z.output<typeof PURCHASE>;

const LIMIT = z.int().nullable().describe("null: no limit.");
const OVERVIEW = z.object({
  switch: z.object({ on: z.boolean(), setBy: z.string().nullable().describe("null: the setting PURCHASES."), reason: z.string().nullable(), setAt: time }),
  caps: z.object({
    purchasesToday: z.int(), purchasesPerDay: LIMIT,
    spentTodayCents: z.int(), spentThisMonthCents: z.int(), spendPerMonthCents: LIMIT,
    fleet: z.int(), fleetLimit: LIMIT,
    certificates: z.int(), certificatesPerWeek: z.int(),
    maxPriceCents: LIMIT, zoneRecordLimit: LIMIT,
  }),
  breaker: z.object({ state: z.enum(BREAKER_STATES), refusals: z.int(), reason: z.string().nullable(), openedAt: time, nextProbeAt: time }),
  waiting: z.array(z.object({ kind: z.enum(WAITING_KINDS), users: z.int(), since: z.iso.datetime() })),
  uncertain: z.int().describe("Purchases that an operator has to decide about."),
}).meta({ id: "PurchaseOverview" });

export type PurchaseOverviewView = z.output<typeof OVERVIEW>;

const PAGE = pageOf(PURCHASE, "PurchasePage");
const SWITCH = z.strictObject({ on: z.boolean(), reason: REASON.optional() });

const overviewAnswer = (description: string) => ({ description, content: { "application/json": { schema: OVERVIEW } } });

/** /api/admin/purchases: the books, and what stands before a purchase. */
export const purchaseRoutes: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, settings }) => {
  app.get("/purchases", {
    schema: { tags: ["operators"], summary: "Purchases, newest first", querystring: QUERY, response: { 200: { description: "A page.", content: { "application/json": { schema: PAGE } } }, ...refusals(401, 403) } },
  }, async ({ query }) => pageView(await listPurchases(pool, query), purchaseView));

  app.get("/purchases/overview", {
    schema: { tags: ["operators"], summary: "What stands before a purchase: switch, caps, breaker, who waits", response: { 200: overviewAnswer("As it is now."), ...refusals(401, 403) } },
  }, async () => overviewView(await readOverview(pool, settings.purchases), settings));

  app.post("/purchases/switch", {
    schema: {
      tags: ["operators"], summary: "Switch purchases on or off", body: SWITCH,
      description: "Off, nothing new is ordered; who would buy waits. It beats the setting PURCHASES. On, an open breaker tries the next payment at once.",
      response: { 200: overviewAnswer("As it is from now on."), ...refusals(401, 403, 413, 415) },
    },
  }, async (request) => {
    const { userId } = callerOf(request);
    const { on, reason } = request.body;
    await inTransaction(pool, async (db) => {
      await setSwitch(db, { isOn: on, by: userId, reason: reason ?? null });
      if (on) await probeAtOnce(db);
    });
    request.log.info({ operator: userId, on }, "purchases switched");
    return overviewView(await readOverview(pool, settings.purchases), settings);
  });
};

export function purchaseView(purchase: Purchase): PurchaseView {
  const { purchaseId, username, hostname, plan, changeId, state, waitsFor, priceCents, currency, orderId, subscriptionId, vmId, paidUntil, evidence, decision, decidedVmId, decidedBy, decidedWhy, decidedAt } = purchase;
  const at = (moment: Date | null) => moment?.toISOString() ?? null;
  return {
    purchaseId, username, hostname, plan, state, waitsFor, priceCents, currency, orderId, subscriptionId, vmId, evidence,
    purpose: changeId === null ? "signup" : "replace",
    askedAt: purchase.askedAt.toISOString(), reservedAt: at(purchase.reservedAt), boughtAt: at(purchase.boughtAt), endedAt: at(purchase.endedAt), paidUntil: at(paidUntil),
    daysLeft: paidUntil && Math.floor((paidUntil.getTime() - Date.now()) / DAY_MS),
    decision: decision && { kind: decision, vmId: decidedVmId, by: decidedBy ?? "", why: decidedWhy ?? "", at: decidedAt!.toISOString() },
  };
}

function overviewView({ switch: { isOn, setBy, reason, setAt }, books, breaker, waiting, uncertain }: PurchaseOverview, settings: HttpSettings): PurchaseOverviewView {
  const { purchasesToday, spentTodayCents, spentThisMonthCents, fleet, certificates } = books;
  const { purchasesPerDay, spendPerMonthCents, fleetLimit, certificatesPerWeek, maxPriceCents, zoneRecordLimit } = settings;
  const at = (moment: Date | null) => moment?.toISOString() ?? null;
  return {
    switch: { on: isOn, setBy, reason, setAt: at(setAt) },
    caps: {
      purchasesToday, spentTodayCents, spentThisMonthCents, fleet, certificates, certificatesPerWeek,
      purchasesPerDay: purchasesPerDay ?? null, spendPerMonthCents: spendPerMonthCents ?? null, fleetLimit: fleetLimit ?? null, maxPriceCents: maxPriceCents ?? null, zoneRecordLimit: zoneRecordLimit ?? null,
    },
    breaker: { state: breaker.state, refusals: breaker.refusals, reason: breaker.reason, openedAt: at(breaker.openedAt), nextProbeAt: at(breaker.nextProbeAt) },
    waiting: waiting.map(({ kind, users, since }) => ({ kind, users, since: since.toISOString() })),
    uncertain,
  };
}
