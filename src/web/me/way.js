/** The way to a VPS in steps for its user, and what stands in it. */
import { h } from "/assets/dom.js";
import { knows, say } from "./words.js";

const STEPS = ["queue", "order", "start", "address", "check"];
/** The engine's phases, as steps. */
const STEP_OF = { queued: "queue", engine: "order", credentials: "order", script: "order", vm: "start", dns: "address", health: "check", done: "check" };
const SIGNS = { done: "✓", active: "●", failed: "✕", pending: "·" };

export const isOnItsWay = ({ status, readyAt }) => ["queued", "provisioning"].includes(status) && readyAt === null;
/** It is the user's already, and is worked on. */
export const isBeingChanged = ({ status, readyAt }) => ["queued", "provisioning"].includes(status) && readyAt !== null;

/** A later run begins with what an earlier one has done: the way does not go back for that. */
function stepOf({ phase, vmId, waiting, address }) {
  const step = STEPS.indexOf(STEP_OF[phase] ?? "queue");
  const reached = address !== null ? "address" : vmId !== null ? "start" : "queue";
  return waiting !== null && vmId === null && phase === "queued" ? STEPS.indexOf("order") : Math.max(step, STEPS.indexOf(reached));
}

export function steps(vps) {
  const now = stepOf(vps);
  return STEPS.map((step, at) => {
    const state = at < now ? "done" : at === now ? "active" : "pending";
    return h("li", { class: state, "data-step": step, "aria-current": state === "active" && "step" },
      h("span", { class: "sign", role: "img", "aria-label": say(`sign-${state}`) }, SIGNS[state]), h("span", {}, say(`step-${step}`)));
  });
}

/** What is going on, in a sentence. */
export function headline(vps) {
  const { queue, waiting, status } = vps;
  if (status === "queued" && vps.failure !== null) return say("again");
  if (queue !== null) return queue.position === 1 ? say("place-next") : say("place", queue);
  if (waiting !== null && vps.vmId === null && waiting.kind !== "purchase") return say("waits");
  return say(`doing-${STEPS[stepOf(vps)]}`);
}

/** What went wrong and what happens next: `{ title, text }`. Engine words stay with the operators. */
export function failureOf({ status, failure, readyAt }) {
  if (status === "suspended") return { title: say("suspended"), text: say("suspended-next") };
  if (status === "deprovisioning") return { title: say("leaving"), text: say("leaving-next") };
  if (status === "deprovisioned") return { title: say("gone"), text: say("gone-next") };
  if (status !== "failed") return undefined;
  const key = `failed-${failure?.code ?? ""}`;
  return { title: readyAt === null ? say("failed") : say("failed-change"), text: knows(key) ? say(key) : say("failed-next") };
}
