/** Where the fleet is not as declared, by the last sweep. */
import { post } from "./api.js";
import { byId, h, show } from "./dom.js";
import { findings, lastSweep } from "./findings.js";
import { tell, tellProblem } from "./frame.js";
import { seconds, time } from "./text.js";

const SWEEPING_MS = 1_000;
let soon;

/** Shows nothing where the service has no sweeps. */
export async function showFleetFindings() {
  clearTimeout(soon);
  // The sweep before its findings: if it has ended by then, none can be missing.
  const sweeps = await lastSweep();
  const open = sweeps && await findings({ open: "true" });
  byId("findings-section").hidden = !open;
  if (!open) return;
  const [sweep = null] = sweeps;
  if (sweep && !sweep.finishedAt) soon = setTimeout(() => void showFleetFindings().catch(tellProblem), SWEEPING_MS);
  show(byId("last-sweep"), sweep, sweepText);
  show(byId("findings"), open, (items) => (items.length > 0 ? items.map(row) : h("tr", {}, h("td", { colspan: "5", class: "quiet" }, "None."))));
}

export function openSweepButton() {
  byId("sweep").addEventListener("click", async () => {
    try {
      await post("/api/admin/sweeps");
      tell("Sweep: asked for.");
      await showFleetFindings();
    } catch (error) {
      tellProblem(error);
    }
  });
}

function sweepText(sweep) {
  if (!sweep) return "No sweep yet.";
  if (!sweep.finishedAt) return "A sweep goes on.";
  if (sweep.outcome !== "succeeded") return `The last sweep ${sweep.outcome === "lost" ? "was lost" : "failed"}: ${sweep.message ?? "the reason is not known"}`;
  return h("span", {}, "Last sweep ", time(sweep.finishedAt), `: ${sweep.users} users in ${seconds(sweep.seconds)} with ${sweep.apiCalls} API calls.`);
}

function row({ kind, username, subject, declared, actual, firstSeen }) {
  return h("tr", {},
    h("th", { scope: "row" }, kind),
    h("td", {}, username ? h("a", { href: `/users/${username}`, "data-key": `finding-of-${username}` }, username) : subject),
    h("td", { class: "text" }, declared),
    h("td", { class: "text" }, actual),
    h("td", { class: "wide" }, time(firstSeen)));
}
