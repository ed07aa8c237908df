/** What every page has around it: who is logged in, log out, notices, and whether the service is there. */
import { logOut, onContact, openSession } from "./api.js";
import { byId, h } from "./dom.js";
import { clock, zone } from "./text.js";

const NOTICE_MS = 8_000;
const notice = h("div", { id: "notice", role: "status" });
let noticeTimer;

let session;

/** Who is logged in and what holds for them: GET /session. */
export const openFrame = () => (session ??= open());

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

/** Does the work now and then again and again, while the page is seen. Only one at a time; a failure is told and tried again. */
export function keepUp(work, intervalMs) {
  let running = false;
  const turn = async () => {
    if (running || document.hidden) return;
    running = true;
    try {
      await work();
    } catch (error) {
      tellProblem(error);
    } finally {
      running = false;
    }
  };
  setInterval(turn, intervalMs);
  document.addEventListener("visibilitychange", turn);
  return turn();
}
