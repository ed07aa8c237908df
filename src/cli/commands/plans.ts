import type { CliCommand } from "../command.ts";
import type { CatalogItem } from "../../../providers/hostinger/api/client.ts";
import { PLANS } from "../../../providers/hostinger/api/specification.ts";
import { offersOf } from "../hostinger/offers.ts";
import { money, table } from "../output.ts";

const SPECIFIED: readonly CatalogItem[] = PLANS.map(({ itemId, planName, monthlyPriceCents, firstMonthPriceCents }) => ({
  id: itemId.replace(/-usd-1m$/, ""), name: planName, category: "VPS",
  prices: [{ id: itemId, name: planName, currency: "USD", priceCents: monthlyPriceCents, firstPeriodPriceCents: firstMonthPriceCents, period: 1, periodUnit: "month" }],
}));

/** GET /api/billing/v1/catalog?category=VPS */
export const plans: CliCommand<object> = {
  usage: "plans",
  summary: "What can be bought, with today's prices",
  examples: ["plans", "plans --json"],
  async run(invocation) {
    invocation.progress.say("asking Hostinger for its catalog");
    const { offers: items, note } = await offersOf<CatalogItem>(invocation, ({ client, signal }) => client.catalog.list({ category: "VPS" }, { signal }), SPECIFIED);
    const rows = items.flatMap(({ name, prices }) => prices.map((price) => [
      price.id, name, period(price), money(price.firstPeriodPriceCents ?? price.priceCents, price.currency), money(price.priceCents, price.currency),
    ]));
    return { data: items, text: note + table(["ITEM", "PLAN", "PERIOD", "FIRST PERIOD", "THEN"], rows) };
  },
};

function period({ period: length, periodUnit }: { period: number | null | undefined; periodUnit: string | null | undefined }): string | undefined {
  return length && periodUnit ? `${length} ${periodUnit}` : undefined;
}
