/** The user's page: what their VPS is doing, how to get in, what they can do with it. */
import { byId, h, show } from "/assets/dom.js";
import { liveStatus } from "/assets/live-status.js";
import { actions, askAndDo, isUnderWay, lastAction } from "./actions.js";
import { credentials, forget, forgetOthers, readFacts } from "./credentials.js";
import { copyable } from "./lines.js";
import { get, openSession, signOut } from "./service.js";
import { failureOf, headline, isBeingChanged, isOnItsWay, steps } from "./way.js";
import { chooseLanguage, languageName, readWords, say, timeLeft } from "./words.js";

const TICK_MS = 1_000;
const FACTS_MS = 3_000;
const AGAIN_MS = 3_000;
const NOTICE_MS = 6_000;
const LOOKS = { ready: "good", failed: "bad", suspended: "bad", deprovisioned: "" };

let words;
let vps;
let facts;
/** What is known is not what there is now: reading it has failed. */
let isOld = false;
let lastMilestone;
/** Counts what was shown of the credentials: they are not data of the status. */
let reveals = 0;

const notice = h("div", { id: "notice", role: "status" });
let noticeTimer;

function tell(what) {
  const isProblem = typeof what !== "string";
  notice.replaceChildren(h("p", { class: isProblem && "bad" }, isProblem ? say(what.code === "NO_ANSWER" ? "away" : "problem") : what));
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => notice.replaceChildren(), NOTICE_MS);
}

function frame(isSignedIn) {
  const { name, hasLogo, helpUrl, languages, language } = words;
  const select = languages.length > 1 && h("select", { "aria-label": say("language"), onchange: ({ target }) => { chooseLanguage(target.value); location.reload(); } },
    languages.map((one) => h("option", { value: one, selected: one === language, lang: one }, languageName(one))));
  byId("top").replaceChildren(...[
    h("span", { class: "home" }, hasLogo && h("img", { src: "/me/logo", alt: "" }), name), h("span", { class: "space" }),
    helpUrl && h("a", { href: helpUrl, target: "_top", rel: "noreferrer" }, say("help")), select,
    isSignedIn && h("button", { type: "button", id: "sign-out", onclick: leave }, say("sign-out")),
  ].filter(Boolean));
}

async function leave() {
  try {
    await signOut();
    end("signed-out");
  } catch (error) {
    tell(error);
  }
}

/** Nobody is signed in (any more): nothing of the VPS stays on the page. */
function end(key) {
  live.close();
  // It asks something that nobody is there to answer.
  if (byId("dialog").open) byId("dialog").close("no");
  [vps, facts] = [undefined, undefined];
  forget();
  frame(false);
  for (const id of ["progress", "access", "manage", "away"]) byId(id).hidden = true;
  for (const id of ["ways", "credentials", "actions", "badge", "steps", "left", "progress-title", "last", "spoken"]) byId(id).replaceChildren();
  document.title = words.name;
  byId("title").textContent = say(key);
  const { signInUrl } = words;
  byId("message").replaceChildren(h("div", { class: "panel notice-calm" }, h("p", {}, say(signInUrl ? "sign-in-link" : "sign-in")), signInUrl && h("p", {}, h("a", { href: signInUrl, target: "_top" }, say("sign-in-again"))) || ""));
  byId("main").setAttribute("aria-busy", "false");
  byId("title").focus({ preventScroll: true });
}

function receive(next) {
  // Another user was handed over in another tab, and the cookie is theirs: nothing of this one is for them to see.
  if (vps && vps.username !== next.username) {
    end("session-over");
    return location.reload();
  }
  // Answers and events may overtake each other.
  if (vps && next.version < vps.version) return;
  const milestone = JSON.stringify([next.status, next.credentials, next.url]);
  const isNew = milestone !== lastMilestone;
  forgetOthers(next);
  if (vps?.credentials === "shown" && next.credentials === "available") forget();
  [vps, lastMilestone] = [next, milestone];
  byId("away").hidden = true;
  byId("main").setAttribute("aria-busy", "false");
  if (isNew) readTheRest().catch(tell);
  draw();
}

async function readTheRest() {
  isOld = true;
  facts = await readFacts();
  isOld = false;
  draw();
}

/** After something was done with the credentials: events alone may leave out that they were shown. */
async function readStatus() {
  const next = await get("/api/vps/status");
  // There are new ones already, which nobody has seen.
  if (next.credentials === "available") forget();
  receive(next);
}

function draw() {
  if (!vps) return;
  const isWay = isOnItsWay(vps);
  const isMine = vps.readyAt !== null && ["ready", "queued", "provisioning", "failed"].includes(vps.status);
  byId("title").textContent = vps.hostname;
  document.title = `${vps.hostname} · ${words.name}`;
  show(byId("badge"), [vps.status, isBeingChanged(vps)], () => h("span", { class: `status ${LOOKS[vps.status] ?? "busy"}` }, say(isBeingChanged(vps) ? "status-changing" : `status-${vps.status}`)));
  show(byId("message"), [failureOf(vps) ?? null, isBeingChanged(vps)], () => message());
  byId("progress").hidden = !isWay;
  if (isWay) {
    byId("progress-title").textContent = headline(vps);
    show(byId("steps"), [vps.phase, vps.vmId, vps.address, vps.waiting, vps.status], () => steps(vps));
    speak(headline(vps));
  } else {
    speak(say(isBeingChanged(vps) ? "status-changing" : `status-${vps.status}`));
  }
  tick();
  byId("access").hidden = !isMine || !facts;
  byId("manage").hidden = vps.status !== "ready" || !facts || facts.allowed.length === 0;
  if (!facts) return;
  if (isMine) {
    show(byId("ways"), [vps.hostname, vps.url, facts.ssh], () => ways());
    show(byId("credentials"), [vps.status, vps.credentials, vps.credentialsMadeAt, facts.credentialsShownAgainUntil, facts.allowed, reveals], () => credentials(vps, facts, { again, tell, ask }));
  }
  show(byId("actions"), [facts.allowed, facts.snapshotAt !== null], () => actions(facts, ask));
  byId("last").textContent = lastAction(facts);
}

/** @param key what gets the focus, as what was pressed is gone */
function again(key) {
  reveals += 1;
  Promise.all([readStatus(), readTheRest()]).catch(tell).then(() => {
    if (key) byId("credentials").querySelector("button")?.focus();
    else if (document.activeElement === document.body) byId("title").focus({ preventScroll: true });
  });
  draw();
}

function message() {
  const failure = failureOf(vps);
  if (isBeingChanged(vps)) return h("div", { class: "panel notice-calm" }, h("p", {}, say("changing-text")));
  if (!failure) return [];
  const { helpUrl } = words;
  return h("div", { class: "problem", role: "alert" }, h("strong", {}, failure.title), h("p", {}, failure.text), helpUrl && h("p", {}, h("a", { href: helpUrl, target: "_top", rel: "noreferrer" }, say("help"))));
}

function ways() {
  const { user, port, hostKey } = facts.ssh;
  const command = `ssh ${port === 22 ? "" : `-p ${port} `}${user}@${vps.hostname}`;
  return [
    vps.url && copyable(say("web"), vps.url, tell, h("a", { href: vps.url, target: "_blank", rel: "noopener noreferrer" }, vps.url)),
    copyable(say("ssh"), command, tell),
    hostKey && copyable(say("host-key", { type: hostKey.type }), hostKey.fingerprint, tell),
  ];
}

function tick() {
  if (!vps || !isOnItsWay(vps)) return;
  const text = vps.status === "queued" && vps.failure !== null ? say("again-next") : vps.waiting !== null && vps.estimatedReadyAt === null && vps.vmId === null ? say("waits-next") : timeLeft(vps.estimatedReadyAt);
  if (byId("left").textContent !== text) byId("left").textContent = text;
}

function speak(text) {
  if (byId("spoken").textContent !== text) byId("spoken").textContent = text;
}

async function ask(name) {
  if (await askAndDo(name, { vps, facts, tell })) readTheRest().catch(tell);
}

const live = liveStatus("/api/vps/events", {
  onStatus: receive,
  async onLost(isRefused) {
    byId("away").textContent = say("away");
    byId("away").hidden = false;
    if (!isRefused) return;
    try {
      receive(await get("/api/vps/status"));
      setTimeout(live.open, AGAIN_MS);
    } catch (error) {
      if (error.code === "UNAUTHENTICATED") end("session-over");
      else if (error.code === "VPS_NOT_FOUND") nothingYet();
      else setTimeout(live.open, AGAIN_MS);
    }
  },
});

function nothingYet() {
  byId("away").hidden = true;
  byId("title").textContent = say("none");
  byId("message").replaceChildren(h("div", { class: "panel notice-calm" }, h("p", {}, say("none-next"))));
  byId("main").setAttribute("aria-busy", "false");
  setTimeout(live.open, AGAIN_MS);
}

/** Until the service answers: whoever comes while it is away need not load the page again. */
async function open() {
  let session;
  try {
    words = await readWords();
    session = await openSession();
  } catch {
    byId("away").textContent = words ? say("away") : "The service does not answer. The page keeps trying.";
    byId("away").hidden = false;
    setTimeout(open, AGAIN_MS);
    return;
  }
  begin(session);
}

function begin(session) {
  byId("away").hidden = true;
  document.title = words.name;
  document.body.append(notice);
  for (const id of ["access", "manage"]) byId(`${id}-title`).textContent = say(id);
  byId("stay").textContent = say("stay");
  frame(session !== undefined);
  if (!session) return end("signed-out");
  live.open();
  setInterval(tick, TICK_MS);
  // Restarts and snapshots are no change of the status, so no event tells of them.
  setInterval(() => vps && !document.hidden && (isOld || isUnderWay(facts)) && readTheRest().catch(() => undefined), FACTS_MS);
  const tellHeight = () => parent.postMessage({ userVpsHeight: document.documentElement.scrollHeight }, "*");
  if (parent !== window) new ResizeObserver(tellHeight).observe(document.body);
}

void open();
