/** All users: found, sorted, paged and chosen; what needs somebody before, numbers over time after. */
import { addressWith, bindForm, onAddress, wanted } from "./address.js";
import { get } from "./api.js";
import { openBulk } from "./bulk.js";
import { byId, h, show } from "./dom.js";
import { failureOf, lastSweeps } from "./findings-api.js";
import { keepUp, openFrame, tellProblem } from "./frame.js";
import { openNumbers } from "./numbers.js";
import { numberedPager } from "./pager.js";
import { ago, doing, plan, status } from "./text.js";

const PAGE_SIZE = 50;
const USERS_INTERVAL_MS = 5_000;
const FLEET_INTERVAL_MS = 10_000;
const FILTERS = ["search", "status", "findings", "plan", "dataCenterId", "release"];
const SORTS = ["name", "age", "status"];

const form = byId("filter");
let fleet;

/** What of the address the API is asked for. */
function filters() {
  return new URLSearchParams(FILTERS.map((name) => [name, wanted().get(name) ?? ""]).filter(([, value]) => value));
}

function sorting() {
  const sort = SORTS.includes(wanted().get("sort")) ? wanted().get("sort") : "name";
  return { sort, order: wanted().get("order") === "desc" ? "desc" : "asc" };
}

let turn = 0;
async function showUsers() {
  const mine = (turn += 1);
  const page = Math.max(1, Number.parseInt(wanted().get("page") ?? "1", 10) || 1);
  const { sort, order } = sorting();
  const query = filters();
  for (const [name, value] of Object.entries({ sort, order, page, limit: PAGE_SIZE })) query.set(name, value);
  const { items, total } = await get(`/api/admin/vps?${query}`);
  // The answer to an older question comes too late.
  if (mine !== turn) return;
  const pages = Math.max(1, Math.ceil(total / PAGE_SIZE));
  show(byId("rows"), [items, location.search], () => (items.length > 0 ? items.map(row) : h("tr", {}, h("td", { colspan: "9" }, nobody(total)))));
  bulk.listed(items.map(({ username }) => username), total);
  numberedPager(byId("pager"), { page, pages });
  const from = (page - 1) * PAGE_SIZE + 1;
  const text = items.length === 0 ? `${total} users` : `${from} to ${from + items.length - 1} of ${total} ${total === 1 ? "user" : "users"}`;
  if (byId("place").textContent !== text) byId("place").textContent = text;
}

function nobody(total) {
  if (total > 0) return h("span", { class: "quiet" }, "This page is empty. ", h("a", { href: addressWith({ page: null }), "data-here": true }, "To the first page"));
  if (filters().size > 0) return h("span", { class: "quiet" }, "No user fits. ", h("a", { href: location.pathname, "data-here": true }, "Show all"));
  return h("div", { class: "first" },
    h("p", {}, h("strong", {}, "Nobody has signed up yet.")),
    h("p", {}, "A user's VPS is asked for by your backend, with the user's token:"),
    h("pre", { class: "log", tabindex: "0", role: "group", "aria-label": "The request" }, `curl -X POST ${location.origin}/api/vps/provision -H "Authorization: Bearer $USER_TOKEN"`),
    h("p", {}, "To try it by hand, ", h("code", {}, "user-vps token alice"), " makes a token for a user alice. All endpoints are described under ", h("a", { href: "/docs" }, "API"), "."));
}

function heads() {
  const { sort, order } = sorting();
  const sorted = (name, text) => {
    const isThis = sort === name;
    const next = isThis && order === "asc" ? "desc" : null;
    return h("th", { scope: "col", "aria-sort": isThis && (order === "asc" ? "ascending" : "descending") },
      h("a", { href: addressWith({ sort: name === "name" ? null : name, order: next, page: null }), "data-here": true, "data-key": `sort-${name}`, class: "sort" }, text, h("span", { "aria-hidden": "true" }, isThis ? (order === "asc" ? " ▲" : " ▼") : "")));
  };
  show(byId("heads"), location.search, () => [
    h("th", { scope: "col" }, bulk.chooseAll()), sorted("name", "User"), sorted("status", "Status"), h("th", { scope: "col" }, "Now"),
    ...["Plan", "Data center", "Address", "Release"].map((name) => h("th", { scope: "col", class: "wide" }, name)), sorted("age", "Age"),
  ]);
}

function row(vps) {
  const { username } = vps;
  return h("tr", {},
    h("td", {}, bulk.choose(username)),
    h("th", { scope: "row", class: "text name" }, h("a", { href: `/users/${username}`, "data-key": username }, username)),
    h("td", {}, status(vps.status, vps.status, vps.openFindings)),
    h("td", { class: "text main" }, h("div", { class: "clamped" }, now(vps))),
    h("td", { class: "wide" }, plan(vps.plan)),
    h("td", { class: "wide" }, vps.dataCenter.city ?? String(vps.dataCenter.id)),
    h("td", { class: "wide mono" }, vps.address ?? "–"),
    h("td", { class: "wide" }, vps.release ?? "–"),
    h("td", {}, ago(vps.requestedAt)),
  );
}

function now(vps) {
  const { status: name, failure, url } = vps;
  if (failure) return [failure.code ? h("code", {}, failure.code) : null, ` ${failure.reason}`];
  if (name === "ready") return url ? h("a", { href: url, rel: "noreferrer" }, url.replace("https://", "")) : "–";
  const words = doing(vps);
  return words.join("") === "" ? "–" : words;
}

async function showFleet() {
  const [read, { ended: sweep = null }] = await Promise.all([get("/api/admin/fleet"), lastSweeps()]);
  fleet = read;
  const { users, usersWithFindings } = fleet;
  const statuses = Object.keys(users);
  const total = Object.values(users).reduce((sum, count) => sum + count, 0);
  show(byId("counts"), [users, usersWithFindings], () => [
    h("li", {}, h("a", { href: "/", "data-here": true, "data-key": "count-all" }, `${total} in all`)),
    ...statuses.filter((name) => users[name] > 0).map((name) => h("li", {}, h("a", { href: `/?status=${name}`, "data-here": true, "data-key": `count-${name}` }, status(name, `${users[name]} ${name}`)))),
    usersWithFindings > 0 && h("li", {}, h("a", { href: "/?findings=any", "data-here": true, "data-key": "count-findings" }, h("span", { class: "status warn" }, `${usersWithFindings} with findings`))),
  ]);
  show(byId("attention"), [fleet, sweep], () => attention(fleet, sweep));
  options("status", statuses.map((name) => [name, name]));
  options("findings", fleet.findings.map(({ kind, count }) => [kind, `${kind} (${count})`]));
  options("plan", fleet.plans.map((item) => [item, plan(item)]));
  options("dataCenterId", fleet.dataCenters.map(({ id, name }) => [String(id), name]));
  options("release", fleet.releases.map((version) => [version, version]));
}

/** What needs somebody, as links to where it is settled. */
function attention({ users, usersWithFindings, findings, purchasesInDoubt, purchasesHeldBack, rollOut }, sweep) {
  const most = findings.slice(0, 3).map(({ kind, count }) => `${count} ${kind}`).join(", ");
  const things = [
    purchasesInDoubt > 0 && ["/purchases?state=uncertain", `${purchasesInDoubt} ${purchasesInDoubt === 1 ? "purchase" : "purchases"} in doubt`, "Somebody has to decide whether it was made."],
    users.failed > 0 && ["/?status=failed", `${users.failed} failed`, "Nothing more is tried by itself."],
    purchasesHeldBack && ["/purchases", "Nothing is bought", purchasesHeldBack],
    rollOut && ["/releases", rollOut.outcome === "stopped" ? `Roll-out of ${rollOut.version} stopped` : `${rollOut.version} is being rolled out`, rollOut.outcome === "stopped" ? "By its failures." : ""],
    sweep && failureOf(sweep)
      && ["/findings", `The last sweep ${failureOf(sweep)}`, sweep.message ?? "Nobody knows whether all is as declared."],
    usersWithFindings > 0 && ["/?findings=any", `${usersWithFindings} ${usersWithFindings === 1 ? "user" : "users"} not as declared`, most],
    usersWithFindings === 0 && findings.length > 0 && ["/findings", "Findings of nobody's", most],
  ].filter(Boolean);
  return things.length === 0 ? h("li", { class: "well" }, "Nothing needs anybody.") : things.map(([href, what, more]) => h("li", {}, h("a", { href, "data-key": `needs-${what}`, "data-here": href.startsWith("/?") }, what), more && h("span", { class: "quiet" }, more)));
}

/** Those there are, and the one that the address names. */
function options(name, known) {
  const select = form.elements[name];
  const value = wanted().get(name) ?? "";
  const first = [...select.options].filter(({ dataset }) => dataset.found === undefined);
  const all = value === "" || first.some((option) => option.value === value) || known.some(([one]) => one === value) ? known : [...known, [value, value]];
  const text = JSON.stringify(all);
  if (select.dataset.shown === text) return;
  const kept = document.activeElement === select ? select.value : value;
  select.dataset.shown = text;
  select.replaceChildren(...first, ...all.map(([one, words]) => h("option", { value: one, "data-found": "" }, words)));
  select.value = kept;
}

function exports() {
  for (const format of ["csv", "json"]) {
    const query = filters();
    query.set("format", format);
    byId(`export-${format}`).href = `/api/admin/export/users?${query}`;
  }
}

const bulk = openBulk({ filters, fleet: () => fleet, done: () => showUsers().catch(tellProblem) });
// Reading needs nothing of the session but its cookie.
openFrame().catch(tellProblem);
bindForm(form);
onAddress(() => { heads(); exports(); showUsers().catch(tellProblem); });
heads();
exports();
await Promise.all([keepUp(showUsers, USERS_INTERVAL_MS), keepUp(showFleet, FLEET_INTERVAL_MS)]);
// What the page is opened for comes first.
await openNumbers();
