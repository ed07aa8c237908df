import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { judge } from "../../../src/purchases/judge.ts";
import type { GuardFacts, Limits } from "../../../src/purchases/judge.ts";
import { paymentFaultOf } from "../../../src/purchases/live-facts.ts";

const KVM1 = "hostingercom-vps-kvm1-usd-1m";
const NOW = new Date("2026-11-26T10:00:00Z");

/** Nothing holds it back. */
const FREE: GuardFacts = {
  plan: KVM1,
  switch: { isOn: true, setBy: null, reason: null, setAt: null },
  entitledPlans: undefined,
  limits: { certificatesPerWeek: 50 },
  books: { purchasesToday: 4, spentTodayCents: 2_000, purchasesThisMonth: 9, spentThisMonthCents: 4_491, fleet: 100, certificates: 20, nextCertificateAt: new Date("2026-11-27T08:00:00Z"), onTheirWay: 2, now: NOW },
  breaker: { state: "closed", refusals: 0, reason: null, openedAt: null, nextProbeAt: null, probePurchaseId: null, isProbeDue: false },
  mayProbe: false,
  ahead: undefined,
  live: { price: { firstTermCents: 499, renewalCents: 1_399, currency: "USD" }, paymentFault: undefined, zone: { recordCount: 190, fault: undefined } },
};
const limited = (limits: Partial<Limits>): GuardFacts => ({ ...FREE, limits: { ...FREE.limits, ...limits } });
const OPEN: GuardFacts["breaker"] = { ...FREE.breaker, state: "open", refusals: 1, reason: "declined", openedAt: NOW, nextProbeAt: new Date("2026-11-26T10:05:00Z") };

describe("what holds a purchase back", () => {
  it("is nothing where no guard speaks against it", () => {
    assert.equal(judge(FREE), undefined);
  });

  const cases: readonly [string, GuardFacts, string, RegExp][] = [
    ["the setting that switches purchases off", { ...FREE, switch: { ...FREE.switch, isOn: false } }, "purchases_off", /switched off \(PURCHASES\)/],
    ["an operator who switched them off, with the reason", { ...FREE, switch: { isOn: false, setBy: "op_1", reason: "the card is renewed", setAt: NOW } }, "purchases_off", /by an operator: the card is renewed/],
    ["the day's cap", limited({ purchasesPerDay: 4 }), "purchases_per_day", /4 of 4 \(PURCHASES_PER_DAY\)/],
    ["the month's cap, also for a price that does not fit any more", limited({ spendPerMonthCents: 4_900 }), "spend_per_month", /44\.91 of 49\.00/],
    ["a full fleet", limited({ fleetLimit: 100 }), "fleet_limit", /100 of 100 \(FLEET_LIMIT\)/],
    ["a renewal above the ceiling, though the first term is cheap", limited({ maxPriceCents: 1_000 }), "price", /costs 13\.99 USD .* more than 10\.00 USD/],
    ["a plan that the catalog does not have, where there is a ceiling", { ...limited({ maxPriceCents: 1_000 }), live: { ...FREE.live!, price: undefined } }, "price", /does not tell what/],
    ["a payment method that cannot pay", { ...FREE, live: { ...FREE.live!, paymentFault: "payment method 7 has expired" } }, "payment_method", /payment method 7 has expired/],
    ["an open breaker", { ...FREE, breaker: OPEN }, "payment_refused", /the next one is tried at 2026-11-26T10:05/],
    ["another user's probe", { ...FREE, breaker: { ...OPEN, state: "probing", probePurchaseId: 7 } }, "payment_refused", /another user's purchase shows/],
    ["a zone that cannot be written to", { ...FREE, live: { ...FREE.live!, zone: { recordCount: 0, fault: "the zone is paused" } } }, "zone", /the zone is paused/],
    ["a full zone, with the records that are on their way", limited({ zoneRecordLimit: 192 }), "zone_records", /190 of 192 records .*2 are on their way/],
    ["the authority's limit, with the time of the next certificate", limited({ certificatesPerWeek: 20 }), "certificates", /20 of 20 .*2026-11-27T08:00/],
    ["somebody who asked earlier", { ...FREE, ahead: "certificates" }, "certificates", /others have asked earlier/],
  ];
  for (const [what, facts, kind, text] of cases) {
    it(`is ${what}`, () => {
      const wait = judge(facts);
      assert.equal(wait?.kind, kind);
      assert.match(wait.text, text);
    });
  }

  it("is told by the first guard of their order, whatever else holds", () => {
    const facts: GuardFacts = {
      ...limited({ purchasesPerDay: 0, spendPerMonthCents: 0, fleetLimit: 0, maxPriceCents: 0, zoneRecordLimit: 1, certificatesPerWeek: 0 }),
      switch: { isOn: false, setBy: null, reason: null, setAt: null }, breaker: OPEN, ahead: "zone",
      live: { price: FREE.live!.price, paymentFault: "payment method 7 is suspended", zone: { recordCount: 9, fault: "the zone is paused" } },
    };
    const order: string[] = [];
    const lifted: Partial<Record<string, (f: GuardFacts) => GuardFacts>> = {
      purchases_off: (f) => ({ ...f, switch: FREE.switch }),
      purchases_per_day: (f) => ({ ...f, limits: { ...f.limits, purchasesPerDay: undefined } }),
      spend_per_month: (f) => ({ ...f, limits: { ...f.limits, spendPerMonthCents: undefined } }),
      fleet_limit: (f) => ({ ...f, limits: { ...f.limits, fleetLimit: undefined } }),
      price: (f) => ({ ...f, limits: { ...f.limits, maxPriceCents: undefined } }),
      payment_method: (f) => ({ ...f, live: { ...f.live!, paymentFault: undefined } }),
      payment_refused: (f) => ({ ...f, breaker: FREE.breaker }),
      zone: (f) => (f.live!.zone.fault ? { ...f, live: { ...f.live!, zone: { recordCount: 9, fault: undefined } } } : { ...f, ahead: undefined }),
      zone_records: (f) => ({ ...f, limits: { ...f.limits, zoneRecordLimit: undefined } }),
      certificates: (f) => ({ ...f, limits: { ...f.limits, certificatesPerWeek: 50 } }),
    };
    let rest: GuardFacts = facts;
    for (let turn = 0; turn < 20; turn++) {
      const wait = judge(rest);
      if (!wait) break;
      order.push(wait.kind);
      rest = lifted[wait.kind]!(rest);
    }
    assert.deepEqual(order, ["purchases_off", "purchases_per_day", "spend_per_month", "fleet_limit", "price", "payment_method", "payment_refused", "zone", "zone_records", "certificates", "zone"]);
  });

  it("lets the probe of an open breaker pass those who are ahead, once its time has come", () => {
    const due = { ...OPEN, isProbeDue: true };
    assert.equal(judge({ ...FREE, breaker: due, ahead: "payment_refused", mayProbe: true }), undefined);
    assert.equal(judge({ ...FREE, breaker: due, mayProbe: false })?.kind, "payment_refused");
    assert.equal(judge({ ...FREE, breaker: OPEN, mayProbe: true })?.kind, "payment_refused");
  });

  it("is a refusal where waiting would not help: the user may not have the plan", () => {
    assert.equal(judge({ ...FREE, entitledPlans: [KVM1] }), undefined);
    for (const entitledPlans of [[], ["hostingercom-vps-kvm2-usd-1m"]]) {
      assert.throws(() => judge({ ...FREE, entitledPlans }), (error: unknown) => error instanceof UserVpsError && error.code === "PLAN_NOT_ALLOWED");
    }
  });

  it("is told without asking anybody where the books suffice", () => {
    assert.equal(judge({ ...limited({ purchasesPerDay: 4 }), live: undefined })?.kind, "purchases_per_day");
    assert.equal(judge({ ...FREE, live: undefined }), undefined);
  });
});

describe("a payment method", () => {
  const card = { id: 7, name: "Credit Card", paymentMethod: "card", isDefault: true, isExpired: false, isSuspended: false, suspendedAt: null, expiresAt: "2035-01-01T00:00:00Z" };
  it("pays if it is the wanted or the default one, and neither expired nor suspended", () => {
    assert.equal(paymentFaultOf([card], undefined), undefined);
    assert.equal(paymentFaultOf([{ ...card, isDefault: false }], 7), undefined);
    assert.match(paymentFaultOf([{ ...card, isExpired: true }], undefined)!, /7 has expired/);
    assert.match(paymentFaultOf([{ ...card, isSuspended: true }], undefined)!, /7 is suspended/);
    assert.match(paymentFaultOf([card], 8)!, /no payment method 8/);
    assert.match(paymentFaultOf([], undefined)!, /has no payment method/);
    assert.match(paymentFaultOf([{ ...card, isDefault: false }, { ...card, id: 8, isDefault: false }], undefined)!, /is the default/);
  });
});
