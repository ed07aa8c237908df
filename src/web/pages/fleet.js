import { get } from "./api.js";
import { chart } from "./chart.js";
import { byId, h, show } from "./dom.js";
import { orphans } from "./findings.js";
import { openSweepButton, showFleetFindings } from "./fleet-findings.js";
import { keepUp, openFrame, tellProblem } from "./frame.js";
import { showPurchases } from "./purchases.js";
import { showRollOuts } from "./roll-outs.js";
import { doing, money, plan, seconds, shortSeconds, status, STATUSES, time } from "./text.js";

const PAGE_SIZE = 50;
const USERS_INTERVAL_MS = 5_000;
const FINDINGS_INTERVAL_MS = 10_000;
const ROLL_OUTS_INTERVAL_MS = 10_000;
const PURCHASES_INTERVAL_MS = 10_000;
const NUMBERS_INTERVAL_MS = 30_000;
const TYPING_MS = 250;

const wanted = new URLSearchParams(location.search);
/** The cursors of the pages from the first to the one that is shown. */
let cursors = [""];
let nextCursor = null;

await openFrame().catch(tellProblem);
byId("status").append(...STATUSES.map((name) => h("option", { value: name }, name)));
byId("status").value = STATUSES.includes(wanted.get("status")) ? wanted.get("status") : "";
byId("search").value = wanted.get("search") ?? "";

async function showUsers() {
  const query = new URLSearchParams({ limit: String(PAGE_SIZE) });
  for (const name of ["status", "search"]) if (byId(name).value.trim()) query.set(name, byId(name).value.trim());
  if (cursors.at(-1)) query.set("cursor", cursors.at(-1));
  const page = await get(`/api/admin/vps?${query}`);
  nextCursor = page.nextCursor;
  show(byId("rows"), page.items, (items) => (items.length > 0 ? items.map(row) : h("tr", {}, h("td", { colspan: "6", class: "quiet" }, "No user fits."))));
  byId("previous").disabled = cursors.length === 1;
  byId("next").disabled = nextCursor === null;
  const place = `Page ${cursors.length}, ${page.items.length} ${page.items.length === 1 ? "user" : "users"}`;
  if (byId("place").textContent !== place) byId("place").textContent = place;
}

function row(vps) {
  return h("tr", {},
    h("th", { scope: "row" }, h("a", { href: `/users/${vps.username}`, "data-key": vps.username }, vps.username)),
    h("td", {}, status(vps.status)),
    h("td", { class: "text main" }, h("div", { class: "clamped" }, now(vps))),
    h("td", { class: "wide" }, plan(vps.plan)),
    h("td", { class: "wide mono" }, vps.address ?? "–"),
    h("td", { class: "wide" }, time(vps.requestedAt)),
  );
}

function now(vps) {
  const { status: name, failure, url } = vps;
  if (failure) return [failure.code ? h("code", {}, failure.code) : null, ` ${failure.reason}`];
  if (name === "ready") return url ? h("a", { href: url, rel: "noreferrer" }, url.replace("https://", "")) : "–";
  const words = doing(vps);
  return words.join("") === "" ? "–" : words;
}

async function showNumbers() {
  const range = byId("range").value;
  const [numbers, found] = await Promise.all([get(`/api/admin/numbers?range=${range}`), orphans()]);
  show(byId("counts"), numbers.users, (users) => STATUSES.filter((name) => users[name] > 0).map((name) => h("li", {}, status(name, `${users[name]} ${name}`))));
  const steps = numbers.steps.map((step) => ({ ...step, orphans: orphansAt(found, step.at) }));
  show(byId("charts"), [range, steps], () => charts(range, steps));
  show(byId("numbers"), steps, table);
}

/** How many machines and records there were that belong to nobody; null: nobody has looked. */
function orphansAt(found, at) {
  return found && found.filter(({ firstSeen, resolvedAt }) => firstSeen <= at && (resolvedAt === null || resolvedAt > at)).length;
}

function charts(range, steps) {
  const ends = [{ hour: "1 h ago", day: "24 h ago", month: "30 days ago" }[range], "now"];
  const of = (name) => steps.map((step) => step[name]);
  const count = String;
  const inStep = { hour: "2 min", day: "hour", month: "day" }[range];
  return [
    chart({ title: "Ready", series: [{ name: "ready", values: of("ready") }], format: count, ends }),
    chart({ title: `Failed runs, each ${inStep}`, series: [{ name: "failed", values: of("failedRuns") }], format: count, ends }),
    chart({ title: "To ready", series: [{ name: "p50", values: of("secondsToReadyP50") }, { name: "p95", values: of("secondsToReadyP95") }], format: shortSeconds, ends }),
    chart({ title: "Spend a month", series: [{ name: "spend", values: of("monthlySpendCents") }], format: money, ends }),
    chart({ title: "Orphans", series: [{ name: "orphans", values: of("orphans") }], format: count, ends, ...(steps[0].orphans === null && { note: "not available" }) }),
  ];
}

function table(steps) {
  const heads = ["Until", "Ready", "Failed runs", "To ready p50", "p95", "Spend a month", "Orphans"];
  return [
    h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, steps.toReversed().map((step) => h("tr", {},
      h("th", { scope: "row" }, time(step.at)),
      [step.ready, step.failedRuns, seconds(step.secondsToReadyP50), seconds(step.secondsToReadyP95), money(step.monthlySpendCents), step.orphans ?? "–"].map((value) => h("td", {}, String(value)))))),
  ];
}

async function turnTo(pages) {
  cursors = pages;
  await showUsers().catch(tellProblem);
}

let typing;
function filter() {
  clearTimeout(typing);
  typing = setTimeout(() => {
    const query = new URLSearchParams([...new FormData(byId("filter"))].filter(([, value]) => value.trim()));
    history.replaceState(null, "", query.size > 0 ? `?${query}` : "/");
    void turnTo([""]);
  }, TYPING_MS);
}

byId("filter").addEventListener("input", filter);
byId("filter").addEventListener("submit", (event) => { event.preventDefault(); filter(); });
byId("next").addEventListener("click", () => nextCursor && turnTo([...cursors, nextCursor]));
byId("previous").addEventListener("click", () => cursors.length > 1 && turnTo(cursors.slice(0, -1)));
byId("range").addEventListener("change", () => showNumbers().catch(tellProblem));
openSweepButton();
await Promise.all([keepUp(showUsers, USERS_INTERVAL_MS), keepUp(showFleetFindings, FINDINGS_INTERVAL_MS), keepUp(showNumbers, NUMBERS_INTERVAL_MS), keepUp(showRollOuts, ROLL_OUTS_INTERVAL_MS), keepUp(showPurchases, PURCHASES_INTERVAL_MS)]);
