/** Who is told what, what was delivered and what was not; send again. */
import { setField } from "./address.js";
import { get, post } from "./api.js";
import { byId, h, show, whileDisabled } from "./dom.js";
import { keepUp, openFrame, tell, tellProblem } from "./frame.js";
import { time } from "./text.js";

const PAGE_SIZE = 50;
const INTERVAL_MS = 5_000;
const LOOKS = { delivered: "good", pending: "busy", given_up: "bad" };
const FILTERS = ["target", "state"];

const wanted = new URLSearchParams(location.search);
let cursors = [""];
let nextCursor = null;

await openFrame().catch(tellProblem);
for (const name of FILTERS) setField(byId(name), wanted.get(name) ?? "");

async function showTargets() {
  const { items } = await get("/api/admin/notification-targets");
  const names = [...byId("target").options].map(({ value }) => value);
  for (const { name } of items) if (!names.includes(name)) byId("target").append(h("option", { value: name }, name));
  show(byId("targets"), items, () => (items.length > 0 ? items.map(targetRow) : h("tr", {}, h("td", { colspan: "6", class: "quiet" }, "Nobody is told anything: a worker's setting NOTIFICATION_TARGETS names who is."))));
}

function targetRow({ name, format, address, events, failures, lastError, pausedAt, pending, givenUp, answeredAt }) {
  const state = pausedAt ? ["bad", "gone"] : failures > 0 ? ["bad", "does not take it"] : ["good", "ok"];
  const button = (key, label, path, said) => h("button", { type: "button", "data-key": `${key}-${name}`, "aria-label": `${label}: ${name}`, onclick: ({ currentTarget }) => void whileDisabled(currentTarget, () => order(`notification-targets/${name}/${path}`, said)) }, label);
  return h("tr", {},
    h("th", { scope: "row" }, name, h("div", { class: "quiet" }, `${format}, ${address}`)),
    h("td", { class: "text" }, h("span", { class: `status ${state[0]}` }, state[1]), failures > 0 || pausedAt ? h("div", { class: "clamped" }, lastError) : null),
    h("td", {}, String(pending), givenUp > 0 ? h("div", { class: "quiet" }, `${givenUp} given up`) : null),
    h("td", { class: "wide" }, events.join(", ")),
    h("td", { class: "wide" }, time(answeredAt)),
    h("td", {}, h("span", { class: "actions" },
      button("test", "Test", "test", `${name} will be told a test.`),
      failures > 0 || pausedAt ? button("resume", "Try now", "resume", `${name} is tried at once.`) : null,
      givenUp > 0 ? button("all", "Send given up again", "resend", `What was given up for ${name} is sent again.`) : null)));
}

async function showMessages() {
  const query = new URLSearchParams({ limit: String(PAGE_SIZE) });
  for (const name of FILTERS) if (byId(name).value) query.set(name, byId(name).value);
  if (cursors.at(-1)) query.set("cursor", cursors.at(-1));
  const page = await get(`/api/admin/notifications?${query}`);
  nextCursor = page.nextCursor;
  show(byId("messages"), page.items, (items) => (items.length > 0 ? items.map(messageRow) : h("tr", {}, h("td", { colspan: "6", class: "quiet" }, "There is no such message."))));
  // What has been pressed until there is no page more keeps the focus.
  byId("previous").setAttribute("aria-disabled", String(cursors.length === 1));
  byId("next").setAttribute("aria-disabled", String(nextCursor === null));
  const place = `Page ${cursors.length}, ${page.items.length} ${page.items.length === 1 ? "message" : "messages"}`;
  if (byId("place").textContent !== place) byId("place").textContent = place;
}

function messageRow({ id, target, state, events, attempts, createdAt, lastError, deliveredAt, nextAttemptAt }) {
  const [{ type, username }] = events;
  const outcome = state === "delivered" ? time(deliveredAt) : [lastError ?? "", nextAttemptAt && attempts > 0 ? ["; again ", time(nextAttemptAt)] : ""];
  return h("tr", {},
    h("th", { scope: "row" }, events.length > 1 ? `${events.length} events` : [type, username ? [" ", h("a", { href: `/users/${username}`, "data-key": `user-${id}` }, username)] : null], h("div", { class: "quiet mono" }, id)),
    h("td", {}, target),
    h("td", {}, h("span", { class: `status ${LOOKS[state] ?? ""}` }, state.replaceAll("_", " ")), h("div", { class: "quiet" }, `${attempts} ${attempts === 1 ? "try" : "tries"}`)),
    h("td", { class: "text main" }, h("div", { class: "clamped" }, outcome)),
    h("td", { class: "wide" }, time(createdAt)),
    h("td", {}, h("button", { type: "button", "data-key": `again-${id}`, "aria-label": `Send again: ${id}`, onclick: ({ currentTarget }) => void whileDisabled(currentTarget, () => order(`notifications/${id}/resend`, "It is sent again, with the same id.")) }, state === "pending" ? "Try now" : "Send again")));
}

async function order(path, said) {
  try {
    await post(`/api/admin/${path}`, { reason: "on the page" });
    tell(said);
    await Promise.all([showTargets(), showMessages()]);
  } catch (error) {
    tellProblem(error);
  }
}

async function turnTo(pages) {
  cursors = pages;
  await showMessages().catch(tellProblem);
}

byId("filter").addEventListener("change", () => {
  const query = new URLSearchParams([...new FormData(byId("filter"))].filter(([, value]) => value));
  history.replaceState(null, "", query.size > 0 ? `?${query}` : "/notifications");
  void turnTo([""]);
});
byId("filter").addEventListener("submit", (event) => event.preventDefault());
byId("next").addEventListener("click", () => nextCursor && turnTo([...cursors, nextCursor]));
byId("previous").addEventListener("click", () => cursors.length > 1 && turnTo(cursors.slice(0, -1)));
await keepUp(showTargets, INTERVAL_MS);
await keepUp(showMessages, INTERVAL_MS);
