import { get } from "./api.js";
import { showActions, waits } from "./actions.js";
import { byId, h, show } from "./dom.js";
import { openDrift } from "./drift.js";
import { readGivingUp, showGivingUp } from "./give-up.js";
import { openFrame, tellProblem } from "./frame.js";
import { readDoubt, showDoubt } from "./doubt.js";
import { showRuns } from "./runs.js";
import { doing, plan, status, time } from "./text.js";
import { timeline } from "./timeline.js";

const TICK_MS = 250;
const SOON_MS = 300;
const OPEN_RUN_MS = 5_000;

const username = decodeURIComponent(location.pathname.split("/").at(-1));
document.title = `${username} · user-vps`;
byId("username").textContent = username;

let vps;
let receivedMs = 0;
let givingUp = null;

function receive(next) {
  // What is waited for changes often, and the rest does not change with it.
  const milestone = ({ waitingFor: _waitingFor, version: _version, updatedAt: _updatedAt, phases, ...others }) => JSON.stringify([others, phases.length]);
  if (!vps || milestone(vps) !== milestone(next)) soonReadTheRest();
  vps = next;
  receivedMs = Date.now();
  show(byId("badge"), vps.status, () => status(vps.status));
  speak(vps);
  showNow();
  show(byId("failure"), vps.failure, (failure) => failure && h("div", { class: "problem", role: "alert" }, failure.code ? h("strong", {}, `${failure.code}: `) : null, failure.reason, failure.next ? h("p", { class: "next" }, failure.next) : null));
  tick();
}

/** What changes all the time is not read aloud: only each new status and phase is. */
function speak({ status: name, phase }) {
  const text = [name, phase].filter((word, place, all) => word && word !== "done" && all.indexOf(word) === place).join(", ");
  if (byId("spoken").textContent !== text) byId("spoken").textContent = text;
}

/** What is going on and what can be done about it. */
function showNow() {
  const isPlain = ["ready", "failed"].includes(vps.status) || waits(givingUp);
  show(byId("now"), isPlain ? [] : [vps.status, vps.phase, vps.waitingFor, vps.waiting], () => (isPlain ? [] : doing(vps)));
  showActions(vps, givingUp);
  showGivingUp(givingUp);
}

function tick() {
  if (!vps) return;
  const runs = vps.phases.some(({ endedAt }) => endedAt === null);
  const sinceMs = runs ? Math.floor((Date.now() - receivedMs) / TICK_MS) * TICK_MS : 0;
  show(byId("phases"), [vps.status, vps.phases, sinceMs], () => timeline(vps, sinceMs));
}

let rest;
let openRun = false;

/** What events do not tell. Several changes come at once. */
function soonReadTheRest() {
  rest ??= setTimeout(async () => {
    rest = undefined;
    try {
      const [record, runs, newest, doubt] = await Promise.all([get(`/api/admin/vps/${username}`), showRuns(username), readGivingUp(vps), readDoubt(vps)]);
      showDoubt(doubt);
      givingUp = newest;
      showNow();
      openRun = runs.some(({ outcome }) => outcome === null);
      show(byId("facts"), record, facts);
    } catch (error) {
      tellProblem(error);
    }
  }, SOON_MS);
}

function facts(record) {
  const { dataCenter, url } = record;
  const entries = {
    Address: h("span", { class: "mono" }, record.address ?? "–"),
    "Web address": url ? h("a", { href: url, rel: "noreferrer" }, url) : record.hostname,
    VM: record.vmId ?? "–",
    Plan: `${plan(record.plan)}, template ${record.templateId}`,
    "Data center": [dataCenter.city, dataCenter.country].filter(Boolean).join(", ") || dataCenter.id,
    Subscription: record.subscriptionId ?? "–",
    Order: record.orderId ?? "–",
    Credentials: { none: "not made yet", available: "wait to be shown to the user", shown: "were shown to the user" }[record.credentials],
    "User id": record.userId,
    "Asked for": time(record.requestedAt),
    Ready: time(record.readyAt),
  };
  return Object.entries(entries).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, typeof value === "number" ? String(value) : value)]);
}

function listen() {
  const events = new EventSource(`/api/admin/vps/${username}/events`);
  events.addEventListener("status", ({ data }) => receive(JSON.parse(data)));
  // The browser connects anew by itself unless the answer was a refusal: then the reason is asked for.
  events.addEventListener("error", () => {
    if (events.readyState === EventSource.CLOSED) get(`/api/admin/vps/${username}`).then(() => setTimeout(listen, 2_000), tellProblem);
  });
}

await openFrame().catch(tellProblem);
listen();
setInterval(tick, TICK_MS);
setInterval(() => openRun && !document.hidden && soonReadTheRest(), OPEN_RUN_MS);
openDrift(username);
