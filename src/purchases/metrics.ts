/** Purchases for Prometheus, read from the database when they are asked for: see src/http/metrics.ts. */
import type { Registry } from "prom-client";
import { databaseGauges } from "../db/database-gauge.ts";
import type { Queryable } from "../db/queryable.ts";
import { readBooks } from "./books.ts";
import { BREAKER_STATES, readBreaker } from "./breaker.ts";
import { countPurchases, countWaiting } from "./overview.ts";
import { PURCHASE_STATES, WAITING_KINDS } from "./purchase.ts";
import { readSwitch } from "./switch.ts";

export function addPurchaseMetrics(registry: Registry, db: Queryable, setting: "on" | "off", onProblem: (error: unknown) => void): void {
  const gauge = databaseGauges(registry, onProblem);
  gauge({
    name: "user_vps_purchases", help: "Purchases by state.", labelNames: ["state"],
    async read() {
      const counts = new Map((await countPurchases(db)).map(({ state, count }) => [state, count]));
      return PURCHASE_STATES.map((state) => ({ value: counts.get(state) ?? 0, labels: { state } }));
    },
  });
  gauge({
    name: "user_vps_purchases_spent_cents", help: "What purchases have cost, first terms alone, in cents.", labelNames: ["period"],
    async read() {
      const { spentTodayCents, spentThisMonthCents } = await readBooks(db);
      return [{ value: spentTodayCents, labels: { period: "day" } }, { value: spentThisMonthCents, labels: { period: "month" } }];
    },
  });
  gauge({
    name: "user_vps_purchases_waiting", help: "Users who wait before or after a purchase, by what for.", labelNames: ["kind"],
    async read() {
      const users = new Map((await countWaiting(db)).map((one) => [one.kind, one.users]));
      return WAITING_KINDS.map((kind) => ({ value: users.get(kind) ?? 0, labels: { kind } }));
    },
  });
  gauge({
    name: "user_vps_purchase_breaker", help: "1 for the state that the breaker is in.", labelNames: ["state"],
    async read() {
      const { state: present } = await readBreaker(db);
      return BREAKER_STATES.map((state) => ({ value: state === present ? 1 : 0, labels: { state } }));
    },
  });
  gauge({ name: "user_vps_purchases_on", help: "1 if purchases are switched on.", read: async () => [{ value: (await readSwitch(db, setting)).isOn ? 1 : 0 }] });
  gauge({ name: "user_vps_certificates_recent", help: "First certificates of the last seven days, and those on their way.", read: async () => [{ value: (await readBooks(db)).certificates }] });
}
