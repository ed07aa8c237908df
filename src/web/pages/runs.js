/** A user's runs: who or what caused each, what it changed, and its log. */
import { addressWith, wanted } from "./address.js";
import { get } from "./api.js";
import { byId, h, show } from "./dom.js";
import { pause, tellProblem } from "./frame.js";
import { logView } from "./log.js";
import { cursorPager } from "./pager.js";
import { showResources } from "./resources.js";
import { seconds, status, when } from "./text.js";

const LOG_INTERVAL_MS = 3_000;
const RUNS = 20;
const MOST_LINES = 1_000;
const DONE = { create: "created", update: "updated", delete: "deleted", replace: "replaced", same: "unchanged" };
const CAUSES = { signup: "signup", repair: "repair", release: "release", rotation: "rotation of credentials", retry: "retry", change: "change", decision: "decision about a purchase", power: "power", snapshot: "snapshot", restore: "restore of a snapshot", suspend: "suspension", resume: "resumption", "give-up": "giving up" };

/** runId -> its element; kept, so that an open log stays open. */
const elements = new Map();
/** The run and line that the address names. */
const named = () => /^#run-([\w.-]+?)(?:-line-(\d+))?$/.exec(location.hash)?.slice(1) ?? [];

/** Shows a page of runs, and returns them. */
export async function showRuns(username) {
  const cursor = wanted().get("runs");
  const { items, nextCursor } = await get(`/api/admin/vps/${username}/runs?${new URLSearchParams({ limit: String(RUNS), ...(cursor && { cursor }) })}`);
  const [runId] = named();
  const isElsewhere = runId !== undefined && !items.some((run) => run.runId === runId);
  // A link to a run that is older than this page.
  const other = isElsewhere ? await get(`/api/admin/runs/${runId}`).catch(() => undefined) : undefined;
  const shown = other?.username === username ? [...items, other] : items;
  for (const run of shown) {
    if (!elements.has(run.runId)) elements.set(run.runId, runElement(run.runId));
    const element = elements.get(run.runId);
    show(element.querySelector("summary"), run, head);
    show(element.querySelector(".run-facts"), [run.cause, run.resources, run.message], () => runFacts(run));
  }
  // What is not shown any more is not kept.
  for (const id of elements.keys()) if (!shown.some((run) => run.runId === id)) elements.delete(id);
  show(byId("runs"), shown.map((run) => run.runId), (ids) => (ids.length > 0 ? ids.map((id) => elements.get(id)) : h("p", { class: "quiet" }, "None yet.")));
  cursorPager(byId("run-pager"), { name: "runs", cursor, nextCursor });
  if (cursor === null) showResources(items);
  if (runId !== undefined) openOnce(runId);
  return items;
}

let opened;
function openOnce(runId) {
  if (opened === location.hash || !elements.has(runId)) return;
  opened = location.hash;
  const element = elements.get(runId);
  element.open = true;
  element.scrollIntoView({ block: "nearest" });
}

addEventListener("hashchange", () => {
  const [runId] = named();
  if (runId !== undefined) openOnce(runId);
});

function causeText(cause) {
  if (!cause) return "";
  const { kind, requestedBy, reason } = cause;
  if (kind === "signup") return "signup";
  return `${CAUSES[kind] ?? kind} by ${requestedBy === "automatic" ? "itself" : requestedBy}`.concat(reason ? `: ${reason}` : "");
}

function head({ operation, outcome, startedAt, seconds: took, errorCode, cause, resourceChanges }) {
  const changes = Object.entries(resourceChanges ?? {}).map(([name, count]) => `${count} ${DONE[name] ?? name}`).join(", ");
  return [
    h("strong", {}, operation),
    status(outcome ?? "running"),
    h("span", {}, seconds(took)),
    h("span", { class: "quiet" }, when(startedAt), [causeText(cause), errorCode ?? changes].filter(Boolean).map((text) => ` · ${text}`).join("")),
  ];
}

/** Who or what caused it, why it failed, and what it changed, property by property. */
function runFacts({ cause, message, errorCode, resources }) {
  const changed = (resources ?? []).flatMap(({ name, type, operation, changed: properties }) => (properties.length > 0
    ? properties.map((property) => [name, property.name, property.before ?? "–", property.after ?? "–"])
    : ["same", "read", "refresh"].includes(operation) ? [] : [[name, type, operation === "create" ? "not there" : "there", operation]]));
  return [
    cause && h("p", {}, h("strong", {}, "Cause: "), causeText(cause), "."),
    message && h("p", { class: errorCode ? "problem" : "quiet" }, errorCode ? h("strong", {}, `${errorCode}: `) : "", message),
    changed.length > 0 ? h("div", { class: "scroll", role: "group", "aria-label": "What the run changed", tabindex: "0" }, h("table", { class: "changes" },
      h("thead", {}, h("tr", {}, ["Resource", "Property", "Before", "After"].map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, changed.map(([first, ...others]) => h("tr", {}, h("th", { scope: "row" }, first), others.map((value) => h("td", { class: "text" }, value)))))))
      : resources && h("p", { class: "quiet" }, "It changed nothing."),
  ];
}

function runElement(runId) {
  const log = logView({ label: `Log of the run ${runId}`, name: `run-${runId}`, anchor: (number) => addressWith({}).concat(`#run-${runId}-line-${number}`) });
  let afterSeq = 0;
  let reading = false;
  const element = h("details", { class: "run", id: `run-${runId}`, "data-key": runId, ontoggle: follow }, h("summary"), h("div", { class: "run-facts" }), log.element);
  addEventListener("hashchange", goToLine);
  return element;

  function goToLine() {
    const [run, line] = named();
    return run !== runId || line === undefined || log.goTo(line);
  }

  /** While the service is away, or wants to be left alone, there is nothing new. */
  async function nextPart() {
    try {
      return await get(`/api/admin/runs/${runId}/log?afterSeq=${afterSeq}&limit=${MOST_LINES}`);
    } catch (error) {
      if (!error.isPassing) throw error;
      return { lines: [], ended: false, waitMs: error.retryAfterMs };
    }
  }

  async function follow() {
    if (reading) return;
    reading = true;
    try {
      let isThere = false;
      for (let ended = false; element.open && element.isConnected && !ended;) {
        const part = await nextPart();
        log.add(part.lines.map(({ at, line }, place) => ({ number: log.count() + place + 1, at, text: line })));
        afterSeq = part.lines.at(-1)?.seq ?? afterSeq;
        isThere ||= goToLine();
        ended = part.ended && part.lines.length < MOST_LINES;
        if (ended && log.count() === 0) log.say("It printed nothing.");
        if (!ended && part.lines.length < MOST_LINES) await pause(Math.max(LOG_INTERVAL_MS, part.waitMs ?? 0));
      }
    } catch (error) {
      tellProblem(error);
    } finally {
      reading = false;
    }
  }
}
