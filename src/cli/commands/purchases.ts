import { UserVpsError } from "../../../providers/core/errors.ts";
import { parseUsername } from "../../../stacks/username.ts";
import type { PurchaseOverviewView, PurchaseView } from "../../http/routes/purchases.ts";
import type { CliCommand } from "../command.ts";
import { fields, moment, money, table } from "../output.ts";
import { answer, withService } from "../service-client/api.ts";
import { REASON_OPTION } from "../service-client/order.ts";
import { allPages } from "../service-client/paths.ts";

interface Options {
  readonly all?: true;
  readonly user?: string;
  readonly reason?: string;
}

const SHOWN = 50;

/** GET /api/admin/purchases, GET /api/admin/purchases/overview; POST /api/admin/purchases/switch */
export const purchases: CliCommand<Options> = {
  usage: "purchases [on-or-off]",
  summary: "What was bought, for whom and at what price; caps, breaker, who waits; switch purchases on or off",
  details: "Newest first. `off` lets nothing new be ordered: who would buy waits, and goes on after `on`. What is ordered already is not touched. See docs/money.md.",
  options: [
    { flags: "--all", description: `all of them (default: the last ${SHOWN})` },
    { flags: "--user <username>", description: "only of this user", parse: parseUsername },
    REASON_OPTION,
  ],
  examples: ["purchases", "purchases --user alice --json", "purchases off --reason 'the card is renewed'"],
  async run(invocation) {
    const { args: [wanted], options: { all, user, reason }, progress } = invocation;
    if (wanted !== undefined && wanted !== "on" && wanted !== "off") throw new UserVpsError("INPUT_INVALID", `Expected 'on' or 'off', got '${wanted}'.`);
    progress.say("asking the service");
    return withService(invocation, async (service) => {
      if (wanted !== undefined) {
        const overview = await answer(service.POST("/api/admin/purchases/switch", { body: { on: wanted === "on", ...(reason !== undefined && { reason }) } }));
        return { data: overview, text: overviewText(overview) };
      }
      const overview = await answer(service.GET("/api/admin/purchases/overview"));
      const of = user === undefined ? {} : { username: user };
      const items = all ? await allPages((page) => service.GET("/api/admin/purchases", { params: { query: { ...page, ...of } } })) : (await answer(service.GET("/api/admin/purchases", { params: { query: { ...of, limit: SHOWN } } }))).items;
      return { data: { overview, purchases: items }, text: `${overviewText(overview)}\n\n${purchasesText(items)}` };
    });
  },
};

export function overviewText({ switch: { on, setBy, reason }, caps, breaker, waiting, uncertain }: PurchaseOverviewView): string {
  const of = (used: string | number, limit: string | number | undefined | null) => (limit === null || limit === undefined ? `${used}, no limit` : `${used} of ${limit}`);
  return fields({
    "purchases": `${on ? "on" : "off"}${setBy === null ? " (PURCHASES)" : `, by ${setBy}`}${reason ? `: ${reason}` : ""}`,
    "today": `${of(caps.purchasesToday, caps.purchasesPerDay)} purchases, ${money(caps.spentTodayCents, "")}`,
    "this month": of(money(caps.spentThisMonthCents, ""), money(caps.spendPerMonthCents, "")),
    "fleet": of(caps.fleet, caps.fleetLimit),
    "certificates": `${of(caps.certificates, caps.certificatesPerWeek)} in seven days`,
    "highest price": money(caps.maxPriceCents, "") ?? "no limit",
    "breaker": breaker.state === "closed" ? "closed" : `${breaker.state} since ${moment(breaker.openedAt)}: ${breaker.reason}${breaker.nextProbeAt ? `; next try ${moment(breaker.nextProbeAt)}` : ""}`,
    "waiting": waiting.length === 0 ? "nobody" : waiting.map(({ kind, users, since }) => `${users} for ${kind} since ${moment(since)}`).join("; "),
    "in doubt": uncertain > 0 ? `${uncertain}; decide with \`user-vps resolve\`` : undefined,
  });
}

function purchasesText(items: readonly PurchaseView[]): string {
  const rows = items.map(({ username, state, waitsFor, plan, priceCents, currency, orderId, subscriptionId, vmId, boughtAt, daysLeft, decision }) => [
    username, `${state}${waitsFor ? ` (${waitsFor})` : ""}${decision ? `, ${decision.kind} by ${decision.by}` : ""}`, plan, money(priceCents, currency), orderId, subscriptionId, vmId, moment(boughtAt), daysLeft,
  ]);
  return table(["USER", "STATE", "PLAN", "PRICE", "ORDER", "SUBSCRIPTION", "VM", "BOUGHT (UTC)", "DAYS LEFT"], rows);
}
