/** The fleet's numbers over time, as charts and as a table. */
import { get } from "./api.js";
import { chart } from "./chart.js";
import { byId, h, show } from "./dom.js";
import { orphans } from "./findings-api.js";
import { keepUp, tellProblem } from "./frame.js";
import { money, seconds, shortSeconds, time } from "./text.js";

const NUMBERS_INTERVAL_MS = 30_000;

export function openNumbers() {
  byId("range").addEventListener("change", () => showNumbers().catch(tellProblem));
  return keepUp(showNumbers, NUMBERS_INTERVAL_MS);
}

async function showNumbers() {
  const range = byId("range").value;
  const [numbers, found] = await Promise.all([get(`/api/admin/numbers?range=${range}`), orphans()]);
  const steps = numbers.steps.map((step) => ({ ...step, orphans: orphansAt(found, step.at) }));
  show(byId("charts"), [range, steps], () => charts(range, steps));
  show(byId("numbers"), steps, table);
}

/** How many machines and records there were that belong to nobody. */
function orphansAt(found, at) {
  return found.filter(({ firstSeen, resolvedAt }) => firstSeen <= at && (resolvedAt === null || resolvedAt > at)).length;
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
    chart({ title: "Orphans", series: [{ name: "orphans", values: of("orphans") }], format: count, ends }),
  ];
}

function table(steps) {
  const heads = ["Until", "Ready", "Failed runs", "To ready p50", "p95", "Spend a month", "Orphans"];
  return [
    h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, steps.toReversed().map((step) => h("tr", {},
      h("th", { scope: "row" }, time(step.at)),
      [step.ready, step.failedRuns, seconds(step.secondsToReadyP50), seconds(step.secondsToReadyP95), money(step.monthlySpendCents), step.orphans].map((value) => h("td", {}, String(value)))))),
  ];
}
