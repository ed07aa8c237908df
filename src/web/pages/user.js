import { onAddress } from "./address.js";
import { get } from "./api.js";
import { showActions, waits } from "./actions.js";
import { byId, h, show } from "./dom.js";
import { openDrift } from "./drift.js";
import { readGivingUp, showGivingUp } from "./give-up.js";
import { keepUp, keepUpNoMore, openFrame, tellProblem } from "./frame.js";
import { liveStatus } from "./live-status.js";
import { readDoubt, showDoubt } from "./doubt.js";
import { showRuns } from "./runs.js";
import { ago, copyable, doing, plan, shortSeconds, status, when } from "./text.js";
import { timeline } from "./timeline.js";
import { openVpsTells, showHistory } from "./vps-tells.js";

const TICK_MS = 1_000;
const SOON_MS = 300;
const RUNS_MS = 5_000;
const AGAIN_MS = 2_000;

const username = decodeURIComponent(location.pathname.split("/").at(-1));
document.title = `${username} · user-vps`;
byId("username").textContent = username;

let vps;
let receivedMs = 0;
let givingUp = null;
let next = { nextTry: null, release: null };

function receive(received) {
  // What is waited for changes often, and the rest does not change with it.
  const milestone = ({ waitingFor: _waitingFor, version: _version, updatedAt: _updatedAt, phases, ...others }) => JSON.stringify([others, phases.length]);
  if (!vps || milestone(vps) !== milestone(received)) soonReadTheRest();
  vps = received;
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
  show(byId("left"), [vps.queue, vps.estimatedReadyAt, next.nextTry], whatIsLeft);
  showActions(vps, givingUp, soonReadTheRest);
  showGivingUp(givingUp);
}

/** Place in the queue, what is left of the usual time, and the next try. */
function whatIsLeft() {
  const { queue, estimatedReadyAt } = vps;
  const { nextTry } = next;
  const leftSeconds = estimatedReadyAt && (Date.parse(estimatedReadyAt) - Date.now()) / 1_000;
  return [
    queue && `Place ${queue.position} of ${queue.total} in the queue. `,
    estimatedReadyAt && (leftSeconds > 0 ? h("span", {}, "Usually ready ", ago(estimatedReadyAt), ". ") : "It takes longer than usual. "),
    nextTry && h("span", {}, `Try ${nextTry.attempt}${nextTry.of === null ? "" : ` of ${nextTry.of}`}, next at `, when(nextTry.at), "."),
  ].filter(Boolean);
}

function tick() {
  if (!vps || document.hidden) return;
  const runs = vps.phases.some(({ endedAt }) => endedAt === null);
  const sinceMs = runs ? Math.floor((Date.now() - receivedMs) / TICK_MS) * TICK_MS : 0;
  show(byId("phases"), [vps.status, vps.phases, sinceMs], () => timeline(vps, sinceMs));
}

let rest;
let knownRuns;

/** What events do not tell. Several changes come at once. */
function soonReadTheRest() {
  if (!vps) return;
  rest ??= setTimeout(async () => {
    rest = undefined;
    try {
      const [record, runs, newest, doubt, then] = await Promise.all([get(`/api/admin/vps/${username}`), showRuns(username), readGivingUp(vps), readDoubt(vps), get(`/api/admin/vps/${username}/next`), showHistory(username)]);
      showDoubt(doubt, newest);
      givingUp = newest;
      next = then;
      showNow();
      noteRuns(runs);
      show(byId("facts"), [record, next.release], () => facts(record));
    } catch (error) {
      // The next look at the runs reads it again.
      knownRuns = undefined;
      tellProblem(error);
    }
  }, SOON_MS);
}

/** @returns whether they are others than before, or have ended since */
function noteRuns(runs) {
  const before = knownRuns;
  knownRuns = JSON.stringify(runs.map(({ runId, outcome }) => [runId, outcome]));
  return knownRuns !== before;
}

/** A restart, a stop or a snapshot changes no status, so no event tells of it or of its failure. */
async function lookAtRuns() {
  if (!vps) return;
  if (noteRuns(await showRuns(username))) soonReadTheRest();
}

function facts(record) {
  const { dataCenter, url } = record;
  const entries = {
    Address: copyable(record.address),
    "Web address": url ? [h("a", { href: url, rel: "noreferrer" }, url), " ", copyable(record.hostname)] : copyable(record.hostname),
    VM: copyable(record.vmId),
    Plan: `${plan(record.plan)}, template ${record.templateId}`,
    "Data center": [dataCenter.city, dataCenter.country].filter(Boolean).join(", ") || dataCenter.id,
    Subscription: copyable(record.subscriptionId),
    Order: copyable(record.orderId),
    Release: next.release ?? "as installed at first boot",
    Credentials: { none: "not made yet", available: "wait to be shown to the user", shown: "were shown to the user" }[record.credentials],
    "User id": copyable(record.userId),
    "Asked for": when(record.requestedAt),
    Ready: when(record.readyAt),
  };
  return Object.entries(entries).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);
}

const live = liveStatus(`/api/admin/vps/${username}/events`, { onStatus: receive, onLost: (isRefused) => isRefused && askWhy() });

function askWhy() {
  get(`/api/admin/vps/${username}`).then(() => setTimeout(live.open, AGAIN_MS), (error) => {
    if (error.code === "USER_NOT_FOUND" || error.code === "REQUEST_INVALID") return showNobody();
    tellProblem(error);
    setTimeout(askWhy, Math.max(AGAIN_MS, error.retryAfterMs ?? 0));
  });
}

/** There is no such user: what may be meant instead. */
function showNobody() {
  keepUpNoMore();
  clearInterval(ticking);
  byId("main").replaceChildren(
    h("h1", { tabindex: "-1" }, `There is no user ${username}`),
    h("p", {}, "The name may be misspelt, or the user has not signed up yet. ", h("a", { href: `/?search=${encodeURIComponent(username)}` }, "Search the fleet for it"), " or ", h("a", { href: "/" }, "see all users"), "."));
}

await openFrame().catch(tellProblem);
live.open();
const ticking = setInterval(tick, TICK_MS);
onAddress(soonReadTheRest);
void keepUp(lookAtRuns, RUNS_MS);
openDrift(username);
openVpsTells(username);
