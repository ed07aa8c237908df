/** What every page has around it: who is logged in, log out, notices, and whether the service is there. */
import { logOut, onContact, openSession } from "./api.js";
import { byId, h } from "./dom.js";
import { clock, zone } from "./text.js";

const NOTICE_MS = 8_000;
const notice = h("div", { id: "notice", role: "status" });
let noticeTimer;

let session;

/** Who is logged in and what holds for them: GET /session. Asked again after a failure. */
export const openFrame = () => (session ??= open().catch((error) => {
  session = undefined;
  throw error;
}));

async function open() {
  document.body.append(notice);
  const opened = await openSession();
  byId("who").replaceChildren(
    h("span", { class: "operator", title: `${opened.operator}; times are in ${zone()}` }, opened.operator),
    h("button", { type: "button", id: "log-out", onclick: leave }, "Log out"),
  );
  return opened;
}

async function leave() {
  try {
    await logOut();
  } catch ({ message, next }) {
    put(h("p", { class: "bad" }, ["You may still be logged in.", message, next].filter(Boolean).join(" ")));
  }
}

let answeredMs = Date.now();

/** While the service is away, what is shown is of before, and looks so. */
onContact((isThere) => {
  if (isThere) answeredMs = Date.now();
  const away = byId("away");
  const text = isThere ? "" : `The service does not answer. What is shown is of ${clock(answeredMs)}; it is tried again.`;
  if (away.textContent !== text) away.textContent = text;
  away.hidden = isThere;
  document.body.classList.toggle("stale", !isThere);
});

export function tell(text) {
  put(h("p", {}, text));
}

export function tellProblem({ code, message, next }) {
  // That is told at the top, as long as it lasts.
  if (code === "NO_ANSWER") return;
  put(h("p", { class: "bad" }, message, next ? ` ${next}` : ""));
}

function put(element) {
  notice.replaceChildren(element);
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => notice.replaceChildren(), NOTICE_MS);
}

/** Resolves after that time, and not while nobody sees the page. */
export async function pause(ms) {
  await new Promise((resume) => setTimeout(resume, ms));
  while (document.hidden) await new Promise((resume) => document.addEventListener("visibilitychange", resume, { once: true }));
}

let isOver = false;

/** Nothing is kept up any more: the page has become another one, without a place for it. */
export function keepUpNoMore() {
  isOver = true;
}

/**
 * Does the work now and then again and again, while the page is seen, and opens the frame if that has failed. Only one at
 * a time; a failure is told and tried again, as late as the service wants it.
 */
export function keepUp(work, intervalMs) {
  let running = false;
  let notBeforeMs = 0;
  const turn = async () => {
    if (isOver || running || document.hidden || performance.now() < notBeforeMs) return;
    running = true;
    const { reason } = (await Promise.allSettled([work(), openFrame()])).find(({ status }) => status === "rejected") ?? {};
    running = false;
    if (!reason || isOver) return;
    notBeforeMs = performance.now() + (reason.retryAfterMs ?? 0);
    tellProblem(reason);
  };
  setInterval(turn, intervalMs);
  document.addEventListener("visibilitychange", turn);
  return turn();
}
