/** Nothing is bought before somebody has seen today's price and typed the host name, or has set a limit. */
import { confirmTyped, thisTerminal } from "../confirm.ts";
import type { Terminal } from "../confirm.ts";
import { NotConfirmed } from "../exit-codes.ts";
import { money } from "../output.ts";
import type { Price } from "./vm-wish.ts";

export interface Offer {
  readonly hostname: string;
  readonly price: Price;
  readonly yes: boolean;
  readonly maxPriceCents: number | undefined;
}

/** Returns if it may be bought; otherwise throws a `NotConfirmed`. */
export async function agreeToPrice({ hostname, price, yes, maxPriceCents }: Offer, terminal: Terminal = thisTerminal()): Promise<void> {
  const told = priceText(price);
  if (maxPriceCents !== undefined) refuseAbove(maxPriceCents, price, told);
  if (yes && maxPriceCents === undefined) throw new NotConfirmed(`${told} Nothing was bought: --yes alone does not say how much it may cost.`, `Add --max-price-cents ${highest(price) ?? "CENTS"} if that is meant.`);
  if (yes) return;
  await confirmTyped({ what: `${told} It is bought for ${hostname} and cannot be given back before its term ends.`, expected: hostname, option: `--yes --max-price-cents ${highest(price) ?? "CENTS"}` }, terminal);
}

export function priceText(price: Price): string {
  const first = money(price.firstPeriodPriceCents ?? price.priceCents, price.currency);
  const later = money(price.priceCents, price.currency);
  const unit = price.period === 1 ? (price.periodUnit ?? "period") : `${price.period ?? ""} ${price.periodUnit ?? "periods"}s`.trim();
  if (!first || !later) return `${price.planName} (${price.id}): Hostinger's catalog does not tell its price.`;
  return first === later ? `${price.planName} (${price.id}) costs ${later} for each ${unit}.` : `${price.planName} (${price.id}) costs ${first} for the first ${unit}, then ${later} for each ${unit}.`;
}

/** A low first period does not hide what comes after it. */
function highest({ priceCents, firstPeriodPriceCents }: Price): number | undefined {
  const known = [priceCents, firstPeriodPriceCents].filter((cents) => typeof cents === "number");
  return typeof priceCents === "number" ? Math.max(...known) : undefined;
}

function refuseAbove(maxPriceCents: number, price: Price, told: string): void {
  const most = highest(price);
  if (most !== undefined && most <= maxPriceCents) return;
  throw new NotConfirmed(`${told} That is not within --max-price-cents ${maxPriceCents}; nothing was bought.`, "Choose another plan, or a higher limit if it is meant.");
}
