/** What operators and users have asked for: who, what, about whom and why. */
import { bindForm, onAddress, wanted } from "./address.js";
import { get } from "./api.js";
import { byId, h, show } from "./dom.js";
import { keepUp, openFrame, tellProblem } from "./frame.js";
import { cursorPager } from "./pager.js";
import { when } from "./text.js";

const INTERVAL_MS = 10_000;

const FILTERS = ["username", "requestedBy", "action"];

/** What of the address the API is asked for. Days are the reader's own; the last one is included. */
function filters() {
  const query = Object.fromEntries(FILTERS.map((name) => [name, wanted().get(name) ?? ""]).filter(([, value]) => value));
  for (const [name, daysOn] of [["since", 0], ["until", 1]]) {
    const [year, month, day] = (wanted().get(name) ?? "").split("-").map(Number);
    if (day) query[name] = new Date(year, month - 1, day + daysOn).toISOString();
  }
  return query;
}

async function showActions() {
  const cursor = wanted().get("cursor");
  const { items, nextCursor } = await get(`/api/admin/audit?${new URLSearchParams({ limit: "50", ...filters(), ...(cursor && { cursor }) })}`);
  show(byId("actions"), items, () => (items.length > 0 ? items.map(row) : h("tr", {}, h("td", { colspan: "6", class: "quiet" }, "Nothing was asked for yet."))));
  cursorPager(byId("pager"), { cursor, nextCursor });
  for (const format of ["csv", "json"]) byId(`export-${format}`).href = `/api/admin/export/audit?${new URLSearchParams({ format, ...filters() })}`;
}

function row({ actionId, askedAt, requestedBy, path, username, reason, status }) {
  return h("tr", {},
    h("th", { scope: "row" }, when(askedAt)),
    h("td", { class: "text name" }, requestedBy),
    h("td", { class: "text name" }, path.replace(/^\/api\/(admin\/)?/, "")),
    h("td", { class: "text name" }, username ? h("a", { href: `/users/${username}`, "data-key": `of-${actionId}` }, username) : "–"),
    h("td", { class: "text" }, reason ?? "–"),
    h("td", {}, answer(status)));
}

function answer(status) {
  if (status === null) return h("span", { class: "status bad" }, "none");
  return h("span", { class: `status ${status < 400 ? "good" : "bad"}` }, status < 400 ? `done (${status})` : `refused (${status})`);
}

await openFrame().catch(tellProblem);
bindForm(byId("filter"));
onAddress(() => showActions().catch(tellProblem));
await keepUp(showActions, INTERVAL_MS);
