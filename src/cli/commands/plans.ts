import type { CliCommand } from "../command.ts";
import { withHostinger } from "../hostinger.ts";
import { money, table } from "../output.ts";

/** GET /api/billing/v1/catalog?category=VPS */
export const plans: CliCommand<object> = {
  usage: "plans",
  summary: "What can be bought, with today's prices",
  examples: ["plans", "plans --json"],
  async run(invocation) {
    invocation.progress.say("asking Hostinger for its catalog");
    const items = await withHostinger(invocation, ({ client, signal }) => client.catalog.list({ category: "VPS" }, { signal }));
    const rows = items.flatMap(({ name, prices }) => prices.map((price) => [
      price.id, name, period(price), money(price.firstPeriodPriceCents ?? price.priceCents, price.currency), money(price.priceCents, price.currency),
    ]));
    return { data: items, text: table(["ITEM", "PLAN", "PERIOD", "FIRST PERIOD", "THEN"], rows) };
  },
};

function period({ period: length, periodUnit }: { period: number | null | undefined; periodUnit: string | null | undefined }): string | undefined {
  return length && periodUnit ? `${length} ${periodUnit}` : undefined;
}
