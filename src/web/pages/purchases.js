/** Purchases: switch, caps, breaker, who waits, all of them; and what was given up. */
import { bindForm, onAddress, wanted } from "./address.js";
import { get, post } from "./api.js";
import { byId, h, show } from "./dom.js";
import { keepUp, openFrame, tell, tellProblem } from "./frame.js";
import { cursorPager } from "./pager.js";
import { ask, WHY } from "./question.js";
import { money, plan, time, when } from "./text.js";

const INTERVAL_MS = 5_000;
const PAGE_SIZE = "25";
const STATES = ["waiting", "reserved", "awaiting_payment", "uncertain", "bought", "refused", "released", "written_off"];
const KINDS = {
  purchases_off: "purchases to be switched on", purchases_per_day: "the next day", spend_per_month: "the next month", fleet_limit: "room in the fleet", price: "a lower price",
  payment_method: "a payment method that pays", payment_refused: "a payment that succeeds", zone: "a zone that can be written to", zone_records: "room in the DNS zone",
  certificates: "a certificate", payment: "their payment",
};
const LOOKS = { bought: "good", refused: "bad", uncertain: "bad", reserved: "busy", awaiting_payment: "busy", waiting: "busy" };

async function showPurchases() {
  const [state, cursor, older] = ["state", "cursor", "given-up"].map((name) => wanted().get(name));
  const [overview, page, givenUp] = await Promise.all([
    get("/api/admin/purchases/overview"),
    get(`/api/admin/purchases?${new URLSearchParams({ limit: PAGE_SIZE, ...(state && { state }), ...(cursor && { cursor }) })}`),
    get(`/api/admin/given-up-vms?${new URLSearchParams({ limit: PAGE_SIZE, ...(older && { cursor: older }) })}`),
  ]);
  show(byId("purchase-facts"), overview, facts);
  show(byId("purchase-switch"), overview.switch.on, (on) => h("button", { type: "button", "data-key": "purchase-switch", onclick: () => void flip(!on).catch(tellProblem) }, on ? "Switch purchases off…" : "Switch purchases on…"));
  show(byId("purchases"), page.items, () => (page.items.length > 0 ? page.items.map(row) : h("tr", {}, h("td", { colspan: "7", class: "quiet" }, state ? "None is in this state." : "Nothing was bought yet."))));
  cursorPager(byId("pager"), { cursor, nextCursor: page.nextCursor });
  show(byId("given-up"), givenUp.items, () => (givenUp.items.length > 0 ? givenUp.items.map(givenUpRow) : h("tr", {}, h("td", { colspan: "6", class: "quiet" }, "Nothing was given up."))));
  cursorPager(byId("given-up-pager"), { name: "given-up", cursor: older, nextCursor: givenUp.nextCursor });
}

function givenUpRow(one) {
  const { username, vmId, requestedBy, reason, requestedAt, paidUntil } = one;
  return h("tr", {},
    h("th", { scope: "row", class: "text name" }, h("a", { href: `/users/${username}`, "data-key": `given-up-${username}-${requestedAt}` }, username)),
    h("td", { class: "text" }, howFar(one)),
    h("td", { class: "mono" }, vmId === null ? "–" : String(vmId)),
    h("td", { class: "text wide" }, `${requestedBy}: ${reason}`),
    h("td", { class: "wide" }, when(requestedAt)),
    h("td", {}, time(paidUntil)));
}

function howFar({ cancelledAt, startedAt, dueAt, endedAt, reusedBy, wipedAt, notWipedBecause }) {
  if (cancelledAt) return "kept: it was taken back";
  if (!startedAt) return ["due ", time(dueAt)];
  if (!endedAt) return h("span", { class: "status busy" }, "under way");
  return [reusedBy ? `wiped, now ${reusedBy}'s` : wipedAt ? "done, wiped" : `done, not wiped${notWipedBecause ? `: ${notWipedBecause}` : ""}`];
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
    ...(uncertain > 0 && { "In doubt": h("strong", {}, h("a", { href: "/purchases?state=uncertain", "data-here": true, "data-key": "in-doubt" }, `${uncertain}: decide on the user's page`)) }),
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
    h("td", { class: "wide" }, when(boughtAt)),
    h("td", {}, daysLeft === null ? "–" : String(daysLeft)));
}

function flip(on) {
  return ask({
    title: on ? "Switch purchases on?" : "Switch purchases off?", text: on ? "Who waits for it goes on." : "Nothing new is ordered; who would buy waits.", yes: on ? "Switch on" : "Switch off", fields: [WHY],
    submit: async ({ reason }) => {
      await post("/api/admin/purchases/switch", { on, reason });
      tell(`Purchases are ${on ? "on" : "off"}.`);
      await showPurchases();
    },
  });
}

byId("filter").elements.state.append(...STATES.map((state) => h("option", { value: state }, state.replaceAll("_", " "))));
await openFrame().catch(tellProblem);
bindForm(byId("filter"));
onAddress(() => showPurchases().catch(tellProblem));
await keepUp(showPurchases, INTERVAL_MS);
