/** What every page has around it: who is logged in, log out, notices. */
import { logOut, openSession } from "./api.js";
import { byId, h } from "./dom.js";

const NOTICE_MS = 8_000;
const notice = h("div", { id: "notice", role: "status" });
let noticeTimer;

let session;

/** Who is logged in and what holds for them: GET /session. */
export const openFrame = () => (session ??= open());

async function open() {
  document.body.append(notice);
  const opened = await openSession();
  byId("top").replaceChildren(
    h("a", { class: "home", href: "/" }, h("img", { src: "/assets/icon.svg", alt: "", width: "22", height: "22" }), "user-vps"),
    h("a", { href: "/pools" }, "Pools"),
    h("a", { href: "/notifications" }, "Notifications"),
    h("span", { class: "space" }),
    h("span", { class: "operator" }, opened.operator),
    h("button", { type: "button", id: "log-out", onclick: logOut }, "Log out"),
  );
  return opened;
}

export function tell(text) {
  put(h("p", {}, text));
}

export function tellProblem({ message, next }) {
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
