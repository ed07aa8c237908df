/** A VPS that is to be given up, is being given up, or was. */
import { keep, waits } from "./actions.js";
import { get } from "./api.js";
import { byId, h, show } from "./dom.js";
import { tellProblem } from "./frame.js";
import { time } from "./text.js";

const STEPS = { stackRemovedAt: "DNS record, renewal and stack removed", wipedAt: "data wiped", stoppedAt: "VM stopped", endedAt: "done" };

/** @param vps as its events tell it @returns null or the newest record of GET /api/admin/given-up-vms, if it is what the status is about */
export async function readGivingUp({ username, status }) {
  if (!["deprovisioning", "deprovisioned", "failed"].includes(status)) return null;
  const { items: [newest] } = await get(`/api/admin/given-up-vms?${new URLSearchParams({ username, limit: "1" })}`);
  if (!newest || newest.cancelledAt !== null) return null;
  // Another failure has nothing to do with a VPS that was given up before.
  return status === "failed" && newest.endedAt !== null ? null : newest;
}

export function showGivingUp(givingUp) {
  show(byId("giving-up"), givingUp, () => givingUp && h("div", { class: "panel notice" }, waits(givingUp) ? waiting(givingUp) : steps(givingUp)));
}

const who = ({ requestedBy, reason }) => `Asked for by ${requestedBy}. Reason: ${reason}.`;

function waiting(givingUp) {
  const { username, dueAt } = givingUp;
  return [
    h("p", {}, h("strong", {}, "To be given up on ", time(dueAt), "."), ` Until then nothing changes, and it can be taken back. ${who(givingUp)}`),
    h("button", { type: "button", "data-key": "keep-vps", onclick: () => void keep(username).catch(tellProblem) }, "Keep the VPS…"),
  ];
}

function steps(givingUp) {
  const { endedAt, wipe, paidUntil } = givingUp;
  const due = Object.entries(STEPS).filter(([step]) => wipe || step !== "wipedAt");
  return [
    h("p", {}, h("strong", {}, endedAt ? "Given up." : "Being given up; this cannot be taken back."), ` ${who(givingUp)}`, paidUntil && [" The VM stays paid until ", time(paidUntil), "."]),
    h("ul", { class: "steps" }, due.map(([step, text]) => h("li", {}, `${givingUp[step] ? "✓" : "·"} ${text} `, givingUp[step] && time(givingUp[step])))),
  ];
}
