/** What users do with their VPS themselves, each asked once more. */
import { byId, h, whileDisabled } from "/assets/dom.js";
import { readFacts } from "./credentials.js";
import { send } from "./service.js";
import { moment, say } from "./words.js";

/** `run`: the operation of its run, which changes no status: no event tells of it. */
const ACTIONS = {
  restart: { method: "POST", path: "restart", run: "power" },
  "rotate-credentials": { method: "POST", path: "rotate-credentials" },
  "ssh-key": { method: "PUT", path: "ssh-key", field: true },
  snapshot: { method: "POST", path: "snapshot", confirms: true, run: "snapshot" },
  restore: { method: "POST", path: "restore", confirms: true, run: "restore", needs: ({ snapshotAt }) => snapshotAt !== null },
};

export function actions(facts, ask) {
  return Object.entries(ACTIONS).filter(([name, { needs }]) => facts.allowed.includes(name) && (needs?.(facts) ?? true))
    .map(([name]) => h("button", { type: "button", "data-key": name, class: name === "restore" && "danger", onclick: () => ask(name) }, say(`do-${name}`)));
}

/** What was asked for and has not begun yet, as far as is known: the operation, and when its newest run before began. */
const awaited = new Map();
const beganAt = (lastRuns, wanted) => lastRuns.find(({ operation }) => operation === wanted)?.startedAt;

/** Whether something is still to come of what was asked for. */
export function isUnderWay({ lastRuns }) {
  for (const [operation, before] of awaited) if (beganAt(lastRuns, operation) !== before) awaited.delete(operation);
  return awaited.size > 0 || lastRuns.some(({ outcome }) => outcome === null);
}

/** What became of the last ones. */
export function lastAction({ lastRuns }) {
  const newest = [...lastRuns].sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt))[0];
  if (!newest) return "";
  const outcome = newest.outcome === null ? "goes-on" : newest.outcome === "succeeded" ? "done" : "failed";
  return say(`last-${outcome}`, { what: say(`run-${newest.operation}`), at: moment(newest.endedAt ?? newest.startedAt) });
}

/** A key may be broken over several lines; of two, the second would pass for the comment of the first. */
const KEY_BEGINS = /^\s*(?:ssh-|ecdsa-|sk-)/;

/** Asks, and does it. @returns whether it was asked for */
export function askAndDo(name, { vps, facts, tell }) {
  const { method, path, field, confirms, run } = ACTIONS[name];
  const dialog = byId("dialog");
  const key = field && h("textarea", { id: "key", spellcheck: "false", autocomplete: "off", autocapitalize: "none" });
  if (key) key.value = facts.ssh.publicKey ?? "";
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  return new Promise((settled) => {
    const yes = h("button", { type: "submit", class: name === "restore" ? "danger" : "primary" }, say(`do-${name}`));
    const refuse = (why) => {
      problem.textContent = say(why);
      problem.hidden = false;
    };
    const submit = async () => {
      if (key && key.value.split("\n").filter((line) => KEY_BEGINS.test(line)).length > 1) return refuse("key-wrong");
      const body = field ? { sshPublicKey: key.value.trim().replace(/\s*\n\s*/g, "") || null } : confirms ? { confirm: vps.username } : {};
      try {
        // Others may have asked for the same since the page looked last.
        const before = run && beganAt((await readFacts()).lastRuns, run);
        await send(method, `/api/vps/${path}`, body);
        if (run) awaited.set(run, before);
        tell(say("asked"));
        dialog.returnValue = "yes";
        dialog.close("yes");
      } catch (error) {
        refuse(field && ["REQUEST_INVALID", "INPUT_INVALID"].includes(error.code) ? "key-wrong" : "problem");
      }
    };
    dialog.replaceChildren(h("form", { onsubmit: (event) => { event.preventDefault(); void whileDisabled(yes, submit); } },
      h("h2", { id: "dialog-title" }, say(`ask-${name}`)),
      h("p", { id: "dialog-text" }, say(`ask-${name}-text`, { snapshot: facts.snapshotAt ? moment(facts.snapshotAt) : "" })),
      key && h("label", { for: "key" }, say("key")), key, problem,
      h("div", { class: "actions" },
        h("button", { type: "button", autofocus: !field, onclick: () => dialog.close("no") }, say("no")),
        yes)));
    dialog.returnValue = "no";
    dialog.addEventListener("close", () => settled(dialog.returnValue === "yes"), { once: true });
    dialog.showModal();
    if (key) key.focus();
  });
}
