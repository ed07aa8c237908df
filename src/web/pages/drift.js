/** What is declared beside what is there: of one stack by a preview, and what sweeps have found of this user. */
import { get, post } from "./api.js";
import { byId, h, show, whileDisabled } from "./dom.js";
import { findings } from "./findings-api.js";
import { keepUp, tell, tellProblem } from "./frame.js";
import { ask, WHY } from "./question.js";
import { when } from "./text.js";

const FINDINGS_INTERVAL_MS = 5_000;

export function openDrift(username) {
  byId("check-drift").addEventListener("click", ({ currentTarget }) => void whileDisabled(currentTarget, () => check(username)).catch(tellProblem));
  void keepUp(() => showFindings(username), FINDINGS_INTERVAL_MS);
}

async function check(username) {
  byId("drift").replaceChildren(h("p", {}, "Comparing; it takes some seconds."));
  try {
    const drift = await get(`/api/admin/vps/${username}/drift`, { byWorker: true });
    byId("drift").replaceChildren(drift.changes === 0 ? h("p", {}, "None: everything is as declared.") : driftTable(drift));
  } catch (error) {
    const missing = error.code === "ROUTE_NOT_FOUND";
    byId("drift").replaceChildren(h("p", { class: missing ? "quiet" : "problem" }, missing ? "Not available in this service." : `${error.message} ${error.next ?? ""}`));
  }
  await showFindings(username);
}

function driftTable({ resources, refusal }) {
  const rows = resources.flatMap(({ resource, type, properties, whatUpWouldDo }) => (properties.length > 0
    ? properties.map((property) => [resource, property.name, asText(property.declared), asText(property.actual), property.whatUpWouldDo])
    : [[resource, "–", type, "not there", whatUpWouldDo]]));
  return h("div", {},
    refusal && h("p", { class: "problem" }, `A repair would be refused: ${refusal}`),
    comparison("Drift of the stack", ["Resource", "Property", "Declared", "Actual", "What a repair does"], rows));
}

async function showFindings(username) {
  const { items: open } = await findings({ username, open: "true" });
  const badge = byId("badge-findings");
  badge.hidden = open.length === 0;
  badge.textContent = `${open.length} ${open.length === 1 ? "finding" : "findings"}`;
  show(byId("findings"), open, () => open.length > 0 && [
    comparison("Found by sweeps", ["Finding", "Declared", "Actual", "First seen", "Repair"], open.map((finding) => [finding.kind, finding.declared, finding.actual, when(finding.firstSeen), repairOf(finding)])),
  ]);
}

function repairOf({ findingId, kind, repair }) {
  if (repair.by === "nothing") return repair.why;
  const repairIt = () => ask({
    title: `Repair ${kind}?`, text: "By `up`, which makes what is there as declared. What would wipe or buy something is refused.", yes: "Repair", fields: [WHY],
    submit: async ({ reason }) => {
      await post(`/api/admin/findings/${findingId}/repair`, { why: reason });
      tell(`Repair of ${kind}: asked for.`);
    },
  });
  return h("button", { type: "button", "data-key": `finding-${findingId}`, onclick: () => void repairIt().catch(tellProblem) }, `Repair ${kind}`);
}

function comparison(caption, heads, rows) {
  return h("div", { class: "scroll", role: "group", "aria-label": caption, tabindex: "0" }, h("table", {},
    h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, rows.map(([first, ...others]) => h("tr", {}, h("th", { scope: "row" }, first), others.map((value) => h("td", { class: "text" }, value)))))));
}

function asText(value) {
  return value === undefined || value === null ? "–" : typeof value === "string" ? value : JSON.stringify(value);
}
