/** A purchase of which nobody knows whether it was made: what was looked at, and the decision. */
import { get, post } from "./api.js";
import { byId, h, show } from "./dom.js";
import { tell, tellProblem } from "./frame.js";

/** @param vps as its events tell it @returns the user's purchase about which an operator can decide, or null */
export async function readDoubt({ username, status, waiting }) {
  const keepsOld = status === "ready";
  const state = status === "failed" || keepsOld ? "uncertain" : waiting?.kind === "payment" ? "awaiting_payment" : null;
  if (state === null) return null;
  const { items: [found] } = await get(`/api/admin/purchases?${new URLSearchParams({ username, state, limit: "1" })}`);
  return found ? { ...found, keepsOld } : null;
}

export function showDoubt(doubt) {
  show(byId("doubt"), doubt, () => doubt && doubtForm(doubt));
}

/** Who had wanted another VM and is ready with the old one needs none: there is nothing but the doubt to end. */
function doubtForm({ username, state, orderId, evidence, decision, keepsOld }) {
  const what = keepsOld ? "Nobody knows whether another VM was bought for this user, who keeps the old one." : state === "uncertain" ? "Nobody knows whether this VPS was bought." : `The payment of ${orderId ? `order ${orderId}` : "the order"} is under way; it is looked for by itself. If the order will come to nothing, decide.`;
  const vm = h("input", { id: "doubt-vm", inputmode: "numeric", pattern: "[0-9]+", autocomplete: "off", size: "10" });
  const why = h("input", { id: "doubt-reason", maxlength: "500", autocomplete: "off", required: true });
  const decideAs = (body) => () => void decide(username, { ...body(), reason: why.value.trim() });
  return h("div", { class: "panel notice" },
    h("p", {}, h("strong", {}, what), ` ${evidence ?? ""} Look into the orders in the Hostinger panel, then decide.`, decision && ` Decided before: ${decision.kind} by ${decision.by}: ${decision.why}.`),
    h("div", { class: "actions", role: "group", "aria-label": "Decide about the purchase" },
      h("label", {}, "Why ", why),
      !keepsOld && [
        h("label", {}, "VM ", vm),
        h("button", { type: "button", "data-key": "doubt-vm", onclick: decideAs(() => ({ decision: "vm", vmId: Number(vm.value) })) }, "It is this VM"),
        h("button", { type: "button", "data-key": "doubt-again", class: "danger", onclick: decideAs(() => ({ decision: "buy-again" })) }, "Buy again"),
      ],
      h("button", { type: "button", "data-key": "doubt-give-up", onclick: decideAs(() => ({ decision: "give-up" })) }, "Give it up")));
}

async function decide(username, body) {
  try {
    await post(`/api/admin/vps/${username}/resolve`, body);
    tell("The decision is recorded; it goes on.");
  } catch (error) {
    tellProblem(error);
  }
}
