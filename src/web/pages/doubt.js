/** A purchase of which nobody knows whether it was made: what was looked at, and the decision. */
import { get, post } from "./api.js";
import { byId, h, show } from "./dom.js";
import { tell, tellProblem } from "./frame.js";
import { ask, WHY } from "./question.js";

const VM = { name: "vmId", label: "VM", required: true, pattern: "[0-9]+" };

/** `needsVm`: not for a user who has one. */
const DECISIONS = [
  { decision: "vm", text: "It is this VM", title: "Which VM has it become?", what: "The user gets it: its id is in the Hostinger panel.", yes: "It is this VM", fields: [VM], needsVm: true },
  { decision: "buy-again", text: "Buy again", title: "Buy once more?", what: "Only if the Hostinger panel has no order of it: if it was bought after all, two VPSs are paid.", yes: "Buy again", isDangerous: true, needsVm: true },
  { decision: "give-up", text: "Give it up", title: "Give the purchase up?", what: "It is not looked for any more.", yes: "Give it up" },
];

/** As the service lets an operator decide: whoever is at rest may have a purchase of either kind. */
const statesOf = ({ status, waiting }) => (["ready", "failed", "deprovisioning"].includes(status) ? ["uncertain", "awaiting_payment"] : waiting?.kind === "payment" ? ["awaiting_payment"] : []);

/** @param vps as its events tell it @returns the user's purchase about which an operator can decide, or null */
export async function readDoubt(vps) {
  const { username, status } = vps;
  const pages = await Promise.all(statesOf(vps).map((state) => get(`/api/admin/purchases?${new URLSearchParams({ username, state, limit: "1" })}`)));
  const [found] = pages.flatMap(({ items }) => items);
  return found ? { ...found, keepsOld: status === "ready" } : null;
}

/** @param givingUp as `readGivingUp` has it */
export function showDoubt(doubt, givingUp) {
  const shown = doubt && { ...doubt, isGivenUp: givingUp !== null };
  show(byId("doubt"), shown, () => shown && doubtPanel(shown));
}

function whatIsKnown({ state, orderId, keepsOld, isGivenUp }) {
  const order = orderId ? `order ${orderId}` : "the order";
  if (isGivenUp) return `${orderId ? `Order ${orderId}` : "An order"} of this user, who is being given up, may still become a VM; it is looked for by itself, to be stopped and not renewed. If the order will come to nothing, give it up.`;
  if (state === "uncertain") return keepsOld ? "Nobody knows whether another VM was bought for this user, who keeps the old one." : "Nobody knows whether this VPS was bought.";
  return `The payment of ${order}${keepsOld ? " for another VM of this user, who keeps the old one," : ""} is under way; it is looked for by itself. If the order will come to nothing, decide.`;
}

/** Who had wanted another VM and is ready with the old one needs none, nor does who is given up: there is nothing but the doubt to end. */
function doubtPanel(doubt) {
  const { username, evidence, decision, keepsOld, isGivenUp } = doubt;
  const fitting = DECISIONS.filter(({ needsVm }) => !needsVm || !(keepsOld || isGivenUp));
  return h("div", { class: "panel notice" },
    h("p", {}, h("strong", {}, whatIsKnown(doubt)), ` ${evidence ?? ""} Look into the orders in the Hostinger panel, then decide.`, decision && ` Decided before: ${decision.kind} by ${decision.by}: ${decision.why}.`),
    h("div", { class: "actions", role: "group", "aria-label": "Decide about the purchase" },
      fitting.map((one) => h("button", { type: "button", "data-key": `doubt-${one.decision}`, class: one.isDangerous && "danger", onclick: () => void decide(username, one).catch(tellProblem) }, `${one.text}…`))));
}

function decide(username, { decision, title, what, yes, isDangerous, fields = [] }) {
  return ask({
    title, text: what, yes, isDangerous, fields: [...fields, WHY],
    submit: async ({ vmId, reason }) => {
      await post(`/api/admin/vps/${username}/resolve`, { decision, ...(vmId !== undefined && { vmId: Number(vmId) }), reason });
      tell("The decision is recorded; it goes on.");
    },
  });
}
