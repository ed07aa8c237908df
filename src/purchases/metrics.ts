/** Purchases for Prometheus, read from the database when they are asked for: see src/http/metrics.ts. */
import { Gauge } from "prom-client";
import type { Registry } from "prom-client";
import type { Queryable } from "../db/queryable.ts";
import { readBooks } from "./books.ts";
import { BREAKER_STATES, readBreaker } from "./breaker.ts";
import { countPurchases, countWaiting } from "./overview.ts";
import { PURCHASE_STATES, WAITING_KINDS } from "./purchase.ts";
import { readSwitch } from "./switch.ts";

export function addPurchaseMetrics(registry: Registry, db: Queryable, setting: "on" | "off", onProblem: (error: unknown) => void): void {
  const gauge = (name: string, help: string, labelNames: string[], fill: (set: (value: number, labels?: Record<string, string>) => void) => Promise<void>) => {
    const made: Gauge = new Gauge({
      name, help, labelNames, registers: [registry],
      collect: async () => { await fill((value, labels = {}) => made.set(labels, value)).catch(onProblem); },
    });
  };
  gauge("user_vps_purchases", "Purchases by state.", ["state"], async (set) => {
    const counts = new Map((await countPurchases(db)).map(({ state, count }) => [state, count]));
    for (const state of PURCHASE_STATES) set(counts.get(state) ?? 0, { state });
  });
  gauge("user_vps_purchases_spent_cents", "What purchases have cost, first terms alone, in cents.", ["period"], async (set) => {
    const { spentTodayCents, spentThisMonthCents } = await readBooks(db);
    set(spentTodayCents, { period: "day" });
    set(spentThisMonthCents, { period: "month" });
  });
  gauge("user_vps_purchases_waiting", "Users who wait before or after a purchase, by what for.", ["kind"], async (set) => {
    const users = new Map((await countWaiting(db)).map((one) => [one.kind, one.users]));
    for (const kind of WAITING_KINDS) set(users.get(kind) ?? 0, { kind });
  });
  gauge("user_vps_purchase_breaker", "1 for the state that the breaker is in.", ["state"], async (set) => {
    const { state: present } = await readBreaker(db);
    for (const state of BREAKER_STATES) set(state === present ? 1 : 0, { state });
  });
  gauge("user_vps_purchases_on", "1 if purchases are switched on.", [], async (set) => set((await readSwitch(db, setting)).isOn ? 1 : 0));
  gauge("user_vps_certificates_recent", "First certificates of the last seven days, and those on their way.", [], async (set) => set((await readBooks(db)).certificates));
}
