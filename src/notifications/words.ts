/** Events in words, for people: one line each, and a title for what comes together. */
import { beginningOf, shortened } from "../../providers/core/cut-text.ts";
import type { NotificationType } from "../config/index.ts";
import type { NotificationEvent } from "./events.ts";

/** Listed; the others are counted. */
const MOST_LINES = 20;
const LONGEST_LINE = 500;

type Data = NotificationEvent["data"];
type Words = (data: Data, username: string) => string;

const text = (value: unknown): string => (typeof value === "string" || typeof value === "number" ? String(value) : "");
const after = (separator: string, value: unknown): string => (text(value) === "" ? "" : `${separator}${text(value)}`);
const kindsOf = ({ kinds }: Data): string => Object.entries((kinds ?? {}) as Record<string, number>).sort(([, a], [, b]) => b - a).map(([kind, count]) => `${count} ${kind}`).join(", ");
const found = (data: Data): string => {
  const all = (data["findings"] ?? []) as readonly Data[];
  const named = all.slice(0, MOST_LINES).map(({ kind, subject, declared, actual }) => beginningOf(`  ${text(kind)} ${text(subject)}: ${text(declared)} -> ${text(actual)}`, LONGEST_LINE));
  const rest = Number(data["total"] ?? 0) - named.length;
  return [`${kindsOf(data)}`, ...named, ...(rest > 0 ? [`  and ${rest} more`] : [])].join("\n");
};

const LINES: Readonly<Record<NotificationType, Words>> = {
  "vps.ready": ({ url, hostname, isFirst }, username) => `${username}: ${isFirst === false ? "ready again" : "ready"}, ${text(url) || text(hostname)}`,
  "vps.failed": ({ code, reason, next }, username) => `${username}: ${text(code)}${after(": ", reason)}${after(" Next: ", next)}`,
  "vps.given_up": ({ hostname }, username) => `${username}: given up, ${text(hostname)}`,
  "purchase.uncertain": ({ plan, evidence }, username) => `${username}: nobody knows whether ${text(plan)} was bought${after(": ", evidence)} Decide with \`user-vps resolve ${username}\`.`,
  "purchase.awaiting_payment": ({ plan, orderId }, username) => `${username}: the order${after(" ", orderId)} of ${text(plan)} stands, its payment is under way`,
  "cap.reached": ({ cap, firstUsername }) => `${text(cap)}: users wait, the first of them ${text(firstUsername)}`,
  "breaker.opened": ({ reason, nextTryAt }) => `nothing is bought: ${text(reason)}${after("; next try ", nextTryAt)}`,
  "breaker.closed": ({ refusals }) => `a payment has succeeded after ${text(refusals)} refused; who waits goes on`,
  "findings.new": found,
  "subscription.ends": found,
  "payment_method.ends": found,
  "roll_out.stopped": ({ version, rollOutId, failed, failures }) => [`release ${text(version)} (${text(rollOutId)}) after ${text(failed)} failures`, ...((failures ?? []) as readonly Data[]).map(({ username, code, reason }) => beginningOf(`  ${text(username)}: ${text(code)}${after(": ", reason)}`, LONGEST_LINE))].join("\n"),
  test: ({ requestedBy, reason }) => `a test, asked for by ${text(requestedBy)}${after(": ", reason)}`,
};

/** What each is called where several come together, in the singular and the plural. */
const NAMES: Readonly<Record<NotificationType, readonly [string, string]>> = {
  "vps.ready": ["VPS is ready", "VPSs are ready"],
  "vps.failed": ["VPS needs somebody", "VPSs need somebody"],
  "vps.given_up": ["VPS is given up", "VPSs are given up"],
  "purchase.uncertain": ["purchase in doubt", "purchases in doubt"],
  "purchase.awaiting_payment": ["order awaits its payment", "orders await their payment"],
  "cap.reached": ["cap is reached", "caps are reached"],
  "breaker.opened": ["payment was refused", "payments were refused"],
  "breaker.closed": ["payment has succeeded again", "payments have succeeded again"],
  "findings.new": ["finding", "findings"],
  "subscription.ends": ["subscription ends", "subscriptions end"],
  "payment_method.ends": ["payment method ends", "payment methods end"],
  "roll_out.stopped": ["roll-out was stopped", "roll-outs were stopped"],
  test: ["test", "tests"],
};

/** `2 VPSs need somebody, 1 VPS is ready` */
export function titleOf(events: readonly NotificationEvent[]): string {
  const counts = Map.groupBy(events, ({ type }) => type);
  return [...counts].map(([type, all]) => {
    const count = all.reduce((sum, { data }) => sum + (typeof data["total"] === "number" ? data["total"] : 1), 0);
    const [one, several] = NAMES[type] ?? [type, type];
    return `${count} ${count === 1 ? one : several}`;
  }).join(", ");
}

/** One or more lines an event, in their order; of many, the first. */
export function linesOf(events: readonly NotificationEvent[]): string[] {
  const named = events.slice(0, MOST_LINES).map(({ type, data, username }) => cut((LINES[type] ?? (() => type))(data, username ?? "")));
  return events.length > named.length ? [...named, `and ${events.length - named.length} more`] : named;
}

/** The first line alone has no limit of its own: those beneath it are cut already. */
function cut(words: string): string {
  const [first = "", ...others] = words.split("\n");
  return [shortened(first, LONGEST_LINE), ...others].join("\n");
}
