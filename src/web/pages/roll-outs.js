/** Releases on their way through the fleet: the newest roll-outs, and whose VPS did not take the newest. */
import { get, post } from "./api.js";
import { byId, h, show } from "./dom.js";
import { tell, tellProblem } from "./frame.js";
import { status, time } from "./text.js";

const MOST = 5;

/** Shows nothing as long as there was none. */
export async function showRollOuts() {
  const { items } = await get(`/api/admin/roll-outs?limit=${MOST}`);
  const [newest] = items;
  byId("roll-outs-section").hidden = !newest;
  if (!newest) return;
  show(byId("roll-outs"), items, () => items.map(row));
  const { members } = newest.counts.failed > 0 ? await get(`/api/admin/roll-outs/${newest.rollOutId}`) : { members: [] };
  const failed = members.filter((member) => member.status === "failed");
  show(byId("roll-out-failures"), failed, () => failed.map(({ username, errorCode, message }) => h("li", {},
    h("a", { href: `/users/${username}`, "data-key": `failed-${username}` }, username), ` did not take ${newest.version}: ${[errorCode, message].filter(Boolean).join(": ")}`)));
}

function row({ rollOutId, version, outcome, counts, requestedBy, reason, createdAt }) {
  return h("tr", {},
    h("th", { scope: "row" }, version),
    h("td", {}, status(outcome ?? "running")),
    h("td", { class: "text" }, Object.entries(counts).filter(([, count]) => count > 0).map(([name, count]) => `${count} ${name}`).join(", ") || "nobody"),
    h("td", { class: "text wide" }, `${requestedBy}: ${reason}`),
    h("td", { class: "wide" }, time(createdAt)),
    h("td", {}, outcome === null && h("button", { type: "button", "data-key": `cancel-${rollOutId}`, onclick: () => void cancel(rollOutId, version) }, `Cancel ${version}`)));
}

async function cancel(rollOutId, version) {
  try {
    await post(`/api/admin/roll-outs/${rollOutId}/cancel`);
    tell(`Roll-out of ${version}: cancelled. What is under way comes to its end.`);
    await showRollOuts();
  } catch (error) {
    tellProblem(error);
  }
}
