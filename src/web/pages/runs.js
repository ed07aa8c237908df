/** A user's runs, each with its log to be opened. */
import { get } from "./api.js";
import { byId, h, show } from "./dom.js";
import { tellProblem } from "./frame.js";
import { seconds, status, time } from "./text.js";

const LOG_INTERVAL_MS = 2_000;
const RUNS = 20;
const DONE = { create: "created", update: "updated", delete: "deleted", replace: "replaced", same: "unchanged" };

/** runId -> its element; kept, so that an open log stays open. */
const elements = new Map();

/** Shows the newest runs, and returns them. */
export async function showRuns(username) {
  const { items } = await get(`/api/admin/vps/${username}/runs?limit=${RUNS}`);
  for (const run of items) {
    if (!elements.has(run.runId)) elements.set(run.runId, runElement(run.runId));
    show(elements.get(run.runId).querySelector("summary"), run, head);
  }
  show(byId("runs"), items.map(({ runId }) => runId), (ids) => (ids.length > 0 ? ids.map((id) => elements.get(id)) : h("p", { class: "quiet" }, "None yet.")));
  const latest = items.find(({ resources }) => resources?.length);
  show(byId("resources"), latest?.resources ?? null, resourceTable);
  return items;
}

function head({ operation, outcome, startedAt, seconds: took, errorCode, message, resourceChanges }) {
  const changes = Object.entries(resourceChanges ?? {}).map(([name, count]) => `${count} ${DONE[name] ?? name}`).join(", ");
  return [
    h("strong", {}, operation),
    status(outcome ?? "running"),
    h("span", {}, seconds(took)),
    h("span", { class: "quiet" }, time(startedAt), errorCode ? ` · ${errorCode}: ${message ?? ""}` : changes && ` · ${changes}`),
  ];
}

function runElement(runId) {
  const log = h("pre", { class: "log", tabindex: "0", role: "region", "aria-label": `Log of the run ${runId}` });
  let afterSeq = 0;
  let reading = false;
  const element = h("details", { class: "run", "data-key": runId, ontoggle: follow }, h("summary"), log);
  return element;

  async function follow() {
    if (reading) return;
    reading = true;
    try {
      let ended = false;
      while (element.open && !ended) {
        const part = await get(`/api/admin/runs/${runId}/log?afterSeq=${afterSeq}&limit=500`);
        for (const { seq, line } of part.lines) {
          log.append(`${line}\n`);
          afterSeq = seq;
        }
        ended = part.ended && part.lines.length === 0;
        if (ended && afterSeq === 0) log.replaceChildren("It printed nothing.");
        if (part.lines.length === 0 && !ended) await new Promise((resume) => setTimeout(resume, LOG_INTERVAL_MS));
      }
    } catch (error) {
      tellProblem(error);
    } finally {
      reading = false;
    }
  }
}

function resourceTable(resources) {
  if (!resources) return h("p", { class: "quiet" }, "None yet.");
  return h("div", { class: "scroll", role: "region", "aria-labelledby": "resources-title", tabindex: "0" }, h("table", {},
    h("thead", {}, h("tr", {}, ["Resource", "Type", "Operation", "Time"].map((name) => h("th", { scope: "col", class: name === "Type" && "wide" }, name)))),
    h("tbody", {}, resources.map((resource) => h("tr", {},
      h("th", { scope: "row" }, resource.name), h("td", { class: "wide" }, resource.type), h("td", {}, resource.operation), h("td", {}, seconds(resource.seconds)))))));
}
