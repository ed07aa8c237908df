/** Purchases: switch, caps, breaker, who waits, and the newest of them. */
import { get, post } from "./api.js";
import { byId, h, show } from "./dom.js";
import { tell, tellProblem } from "./frame.js";
import { money, plan, time } from "./text.js";

const MOST = 10;
const KINDS = {
  purchases_off: "purchases to be switched on", purchases_per_day: "the next day", spend_per_month: "the next month", fleet_limit: "room in the fleet", price: "a lower price",
  payment_method: "a payment method that pays", payment_refused: "a payment that succeeds", zone: "a zone that can be written to", zone_records: "room in the DNS zone",
  certificates: "a certificate", payment: "their payment",
};
const LOOKS = { bought: "good", refused: "bad", uncertain: "bad", reserved: "busy", awaiting_payment: "busy", waiting: "busy" };

export async function showPurchases() {
  const [overview, { items }] = await Promise.all([get("/api/admin/purchases/overview"), get(`/api/admin/purchases?limit=${MOST}`)]);
  show(byId("purchase-facts"), overview, facts);
  show(byId("purchase-switch"), overview.switch.on, (on) => h("button", { type: "button", "data-key": "purchase-switch", onclick: () => void flip(!on) }, on ? "Switch purchases off" : "Switch purchases on"));
  show(byId("purchases"), items, () => (items.length > 0 ? items.map(row) : h("tr", {}, h("td", { colspan: "7", class: "quiet" }, "Nothing was bought yet."))));
}

function facts({ switch: { on, setBy, reason }, caps, breaker, waiting, uncertain }) {
  const of = (used, limit) => (limit === null ? `${used}, no limit` : `${used} of ${limit}`);
  const entries = {
    Purchases: `${on ? "on" : "off"}${setBy === null ? "" : `, by ${setBy}`}${reason ? `: ${reason}` : ""}`,
    Today: `${of(caps.purchasesToday, caps.purchasesPerDay)}; ${money(caps.spentTodayCents)}`,
    "This month": of(money(caps.spentThisMonthCents), caps.spendPerMonthCents === null ? null : money(caps.spendPerMonthCents)),
    Fleet: of(caps.fleet, caps.fleetLimit),
    Certificates: `${of(caps.certificates, caps.certificatesPerWeek)} in seven days`,
    Breaker: breaker.state === "closed" ? "closed" : [h("strong", {}, breaker.state), ` since `, time(breaker.openedAt), `: ${breaker.reason}`, breaker.nextProbeAt && ["; next try ", time(breaker.nextProbeAt)]],
    Waiting: waiting.length === 0 ? "nobody" : waiting.map(({ kind, users, since }, place) => [place > 0 ? "; " : "", `${users} for ${KINDS[kind] ?? kind}, since `, time(since)]),
    ...(uncertain > 0 && { "In doubt": h("strong", {}, `${uncertain}: decide on the user's page`) }),
  };
  return Object.entries(entries).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);
}

function row({ username, state, plan: item, priceCents, currency, orderId, vmId, boughtAt, daysLeft }) {
  return h("tr", {},
    h("th", { scope: "row" }, h("a", { href: `/users/${username}`, "data-key": `purchase-${username}` }, username)),
    h("td", {}, h("span", { class: `status ${LOOKS[state] ?? ""}` }, state.replaceAll("_", " "))),
    h("td", {}, priceCents === null ? "–" : money(priceCents, currency ?? undefined)),
    h("td", { class: "wide" }, plan(item)),
    h("td", { class: "wide mono" }, [orderId, vmId].filter((one) => one !== null).join(" / ") || "–"),
    h("td", { class: "wide" }, time(boughtAt)),
    h("td", {}, daysLeft === null ? "–" : String(daysLeft)));
}

async function flip(on) {
  try {
    await post("/api/admin/purchases/switch", { on, reason: "on the page" });
    tell(`Purchases are ${on ? "on" : "off"}.`);
    await showPurchases();
  } catch (error) {
    tellProblem(error);
  }
}

/** @param vps as its events tell it @returns the user's purchase about which an operator can decide, or null */
export async function readDoubt({ username, status, waiting }) {
  const state = status === "failed" ? "uncertain" : waiting?.kind === "payment" ? "awaiting_payment" : null;
  if (state === null) return null;
  const { items: [found] } = await get(`/api/admin/purchases?${new URLSearchParams({ username, state, limit: "1" })}`);
  return found ?? null;
}

export function showDoubt(doubt) {
  show(byId("doubt"), doubt, () => doubt && doubtForm(doubt));
}

function doubtForm({ username, state, orderId, evidence, decision }) {
  const what = state === "uncertain" ? "Nobody knows whether this VPS was bought." : `The payment of ${orderId ? `order ${orderId}` : "the order"} is under way; it is looked for by itself. If the order will come to nothing, decide.`;
  const vm = h("input", { id: "doubt-vm", inputmode: "numeric", pattern: "[0-9]+", autocomplete: "off", size: "10" });
  const why = h("input", { id: "doubt-reason", maxlength: "500", autocomplete: "off", required: true });
  const decideAs = (body) => () => void decide(username, { ...body(), reason: why.value.trim() });
  return h("div", { class: "panel notice" },
    h("p", {}, h("strong", {}, what), ` ${evidence ?? ""} Look into the orders in the Hostinger panel, then decide.`, decision && ` Decided before: ${decision.kind} by ${decision.by}: ${decision.why}.`),
    h("div", { class: "actions", role: "group", "aria-label": "Decide about the purchase" },
      h("label", {}, "Why ", why),
      h("label", {}, "VM ", vm),
      h("button", { type: "button", "data-key": "doubt-vm", onclick: decideAs(() => ({ decision: "vm", vmId: Number(vm.value) })) }, "It is this VM"),
      h("button", { type: "button", "data-key": "doubt-again", class: "danger", onclick: decideAs(() => ({ decision: "buy-again" })) }, "Buy again"),
      h("button", { type: "button", "data-key": "doubt-give-up", onclick: decideAs(() => ({ decision: "give-up" })) }, "Give it up")));
}

async function decide(username, body) {
  try {
    await post(`/api/admin/vps/${username}/resolve`, body);
    tell("The decision is recorded; it goes on.");
  } catch (error) {
    tellProblem(error);
  }
}
