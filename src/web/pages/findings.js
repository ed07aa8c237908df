/** Where the fleet is not as declared, by the last sweep: by kind, page by page, each with its repair. */
import { addressWith, onAddress, wanted } from "./address.js";
import { get, post } from "./api.js";
import { byId, h, show, whileDisabled } from "./dom.js";
import { failureOf, findings, lastSweeps } from "./findings-api.js";
import { keepUp, openFrame, tell, tellProblem } from "./frame.js";
import { cursorPager } from "./pager.js";
import { ask, askFetched, WHY } from "./question.js";
import { ago, seconds, when } from "./text.js";

const INTERVAL_MS = 5_000;
const PAGE_SIZE = 50;

async function showAll() {
  const kind = wanted().get("kind");
  const cursor = wanted().get("cursor");
  // The sweep before its findings: if it has ended by then, none can be missing.
  const { newest, ended } = await lastSweeps();
  const [fleet, page] = await Promise.all([get("/api/admin/fleet"), findings({ open: "true", limit: String(PAGE_SIZE), ...(kind && { kind }), ...(cursor && { cursor }) })]);
  show(byId("last-sweep"), newest ?? null, sweepText);
  show(byId("kinds"), [fleet.findings, kind], () => kinds(fleet.findings, kind));
  const shown = fleet.findings.find((one) => one.kind === kind);
  byId("findings-title").textContent = kind ?? "All kinds";
  byId("meaning").textContent = shown?.meaning ?? "";
  const none = nothing({ kind, cursor, newest, ended });
  const rows = () => (page.items.length > 0 ? page.items.map(row) : h("tr", {}, h("td", { colspan: "6", class: "quiet" }, none)));
  show(byId("findings"), [page.items, none], rows);
  cursorPager(byId("pager"), { cursor, nextCursor: page.nextCursor });
  const mendable = page.items.some(({ repair, username }) => repair.by === "up" && username);
  byId("repair-kind").hidden = !mendable;
  for (const format of ["csv", "json"]) byId(`export-${format}`).href = `/api/admin/export/findings?${new URLSearchParams({ format, ...(kind && { kind }) })}`;
}

/** What it means that there is no finding. */
function nothing({ kind, cursor, newest, ended }) {
  if (cursor) return "None on this page any more.";
  if (!ended) return newest ? "Not known yet: the first sweep goes on." : "None yet: no sweep has looked.";
  if (failureOf(ended)) return `Not known: the last sweep ${failureOf(ended)}.`;
  return kind ? "None of this kind." : "None: everything is as declared.";
}

function kinds(found, chosen) {
  const total = found.reduce((sum, { count }) => sum + count, 0);
  const link = (kind, text, count) => h("li", {}, h("a", { href: addressWith({ kind, cursor: null }), "data-here": true, "data-key": `kind-${text}`, "aria-current": kind === chosen && "true" }, text, h("strong", {}, String(count))));
  return [link(null, "All kinds", total), ...found.map(({ kind, count }) => link(kind, kind, count))];
}

function sweepText(sweep) {
  if (!sweep) return "No sweep yet.";
  if (!sweep.finishedAt) return "A sweep goes on.";
  if (failureOf(sweep)) return `The last sweep ${failureOf(sweep)}: ${sweep.message ?? "the reason is not known"}`;
  return h("span", {}, "Last sweep ", ago(sweep.finishedAt), `: ${sweep.users} users in ${seconds(sweep.seconds)} with ${sweep.apiCalls} API calls.`);
}

function row(finding) {
  const { findingId, kind, username, subject, declared, actual, firstSeen } = finding;
  return h("tr", {},
    h("th", { scope: "row" }, kind),
    h("td", { class: "text name" }, username ? h("a", { href: `/users/${username}`, "data-key": `of-${findingId}` }, username) : subject),
    h("td", { class: "text" }, declared),
    h("td", { class: "text" }, actual),
    h("td", { class: "wide" }, when(firstSeen)),
    h("td", { class: "text" }, repairOf(finding)));
}

function repairOf({ findingId, kind, username, repair }) {
  if (repair.by === "nothing") return h("span", { class: "quiet" }, repair.why);
  return h("button", { type: "button", "data-key": `repair-${findingId}`, onclick: () => void repairOne(findingId, kind, username).catch(tellProblem) }, "Repair…");
}

function repairOne(findingId, kind, username) {
  return ask({
    title: `Repair ${kind} of ${username}?`, text: "By `up`, which makes what is there as declared. What would wipe or buy something is refused.", yes: "Repair", fields: [WHY],
    submit: async ({ reason }) => {
      await post(`/api/admin/findings/${findingId}/repair`, { why: reason });
      tell(`Repair of ${kind}: asked for.`);
    },
  });
}

/** Of what is on this page. */
async function questionOfAll() {
  const names = [...new Set([...document.querySelectorAll("#findings tr")].filter((line) => line.querySelector("button")).map((line) => line.querySelector("td a")?.textContent).filter(Boolean))];
  const preview = await post("/api/admin/bulk/preview", { action: "repair", usernames: names });
  const left = preview.left.map(({ username, why }) => h("li", {}, `${username}: ${why}`));
  return {
    title: `Repair ${preview.touched.length} ${preview.touched.length === 1 ? "user" : "users"}?`,
    text: [`By \`up\`, where that loses nothing: ${preview.touched.join(", ") || "nobody"}.`, left.length > 0 && h("ul", { class: "touched" }, left)],
    yes: "Repair", fields: [WHY], isAllowed: () => preview.touched.length > 0,
    submit: async ({ reason }) => {
      await post("/api/admin/bulk", { action: "repair", usernames: preview.touched, reason });
      tell(`Repair: asked for, for ${preview.touched.length}.`);
    },
  };
}

byId("sweep").addEventListener("click", ({ currentTarget }) => void whileDisabled(currentTarget, async () => {
  try {
    await post("/api/admin/sweeps");
    tell("Sweep: asked for.");
    await showAll();
  } catch (error) {
    tellProblem(error);
  }
}));
byId("repair-kind").addEventListener("click", ({ currentTarget }) => void askFetched(currentTarget, questionOfAll).catch(tellProblem));
await openFrame().catch(tellProblem);
onAddress(() => showAll().catch(tellProblem));
await keepUp(showAll, INTERVAL_MS);
