/** What has to be asked for: the VPS's boot log and Hostinger's own actions, both by a worker; and what operators asked for. */
import { get } from "./api.js";
import { byId, h, show, whileDisabled } from "./dom.js";
import { logView } from "./log.js";
import { copyable, status, when } from "./text.js";

const LOOKS = { completed: "succeeded", failed: "failed", running: "running" };
const OUTCOMES = { complete: ["succeeded", "The script ran to its end."], failed: ["failed", "The script stopped."], unfinished: ["running", "The script has not ended: it still runs, or was cut off."] };

export function openVpsTells(username) {
  onAsking("read-boot", "boot", "A worker reads it over SSH; it takes some seconds.", async () => bootLog(username, await get(`/api/admin/vps/${username}/boot-log`, { byWorker: true })));
  onAsking("read-actions", "vm-actions", "A worker asks Hostinger.", async () => vmActions(await get(`/api/admin/vps/${username}/actions`, { byWorker: true })));
}

function onAsking(buttonId, placeId, words, read) {
  byId(buttonId).addEventListener("click", ({ currentTarget }) => void whileDisabled(currentTarget, async () => {
    byId(placeId).replaceChildren(h("p", {}, words));
    try {
      byId(placeId).replaceChildren(await read());
    } catch (error) {
      byId(placeId).replaceChildren(h("p", { class: "problem" }, [error.message, error.next].filter(Boolean).join(" ")));
    }
  }));
}

function bootLog(username, { address, hostKeyFingerprint, hostKeyVerified, outcome, step, exitStatus, lines }) {
  const [look, said] = OUTCOMES[outcome];
  const log = logView({ label: "Lines of the boot log", name: `${username}-post_install` });
  log.add(lines.map((text, place) => ({ number: place + 1, at: null, text })));
  return h("div", {},
    h("p", {}, status(look, said), step && ` Step ${step.number} of ${step.of}: ${step.title}.`, exitStatus !== null && ` Exit status ${exitStatus}.`),
    step && h("progress", { max: String(step.of), value: String(outcome === "complete" ? step.of : step.number), "aria-label": "Steps of the script" }),
    h("p", { class: "quiet" }, "From ", copyable(address), ", host key ", copyable(hostKeyFingerprint), hostKeyVerified ? ", as the stack has pinned it." : ", trusted on first use: the stack has pinned none."),
    log.element);
}

function vmActions({ vmId, items }) {
  return h("div", {}, h("p", { class: "quiet" }, `Of VM ${vmId}, newest first.`), table("Hostinger's actions", ["Action", "State", "Begun", "Changed"], items.map(({ name, state, progress, createdAt, updatedAt }) => [name, status(LOOKS[progress], state), when(createdAt), when(updatedAt)]), "Hostinger tells of none."));
}

/** By the audit. */
export async function showHistory(username) {
  const { items } = await get(`/api/admin/audit?${new URLSearchParams({ username, limit: "20" })}`);
  show(byId("history"), items, () => [
    table("What operators asked for", ["What", "Who", "Why", "When", "Answer"], items.map(({ path, requestedBy, reason, askedAt, status: code }) => [path.split("/").at(-1), requestedBy, reason ?? "–", when(askedAt), code === null ? "none" : code < 400 ? status("succeeded", "done") : status("failed", `refused (${code})`)]), "Nothing yet."),
    items.length === 20 && h("p", {}, h("a", { href: `/audit?username=${username}`, "data-key": "all-history" }, "All of it")),
  ]);
}

function table(label, heads, rows, none) {
  if (rows.length === 0) return h("p", { class: "quiet" }, none);
  return h("div", { class: "scroll", role: "group", "aria-label": label, tabindex: "0" }, h("table", {},
    h("thead", {}, h("tr", {}, heads.map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, rows.map(([first, ...others]) => h("tr", {}, h("th", { scope: "row" }, first), others.map((value) => h("td", { class: "text" }, value)))))));
}
