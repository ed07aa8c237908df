/** Whether all is there that the service needs, as `user-vps doctor` finds it: what is to be mended first. */
import { get } from "./api.js";
import { byId, h, show, whileDisabled } from "./dom.js";
import { keepUp, openFrame, tellProblem } from "./frame.js";
import { when } from "./text.js";

/** The service keeps what was found for some seconds; a look asks Hostinger and Cloudflare. */
const INTERVAL_MS = 60_000;
const LOOKS = { ok: ["good", "well"], failed: ["bad", "to be mended"], skipped: ["", "not told"] };
const ORDER = ["failed", "ok", "skipped"];

async function look() {
  const { well, checks, lookedAt } = await get("/api/admin/doctor", { byWorker: true });
  const failed = checks.filter(({ result }) => result === "failed").length;
  const text = well ? "Nothing to mend." : `${failed} to mend.`;
  if (byId("verdict").textContent !== text) byId("verdict").textContent = text;
  show(byId("looked"), lookedAt, () => ["Found ", when(lookedAt)]);
  show(byId("checks"), checks, () => ORDER.flatMap((result) => checks.filter((check) => check.result === result)).map(item));
}

function item({ check, meaning, result, found, mend }) {
  const [look, words] = LOOKS[result];
  return h("li", { class: `panel ${result}`, "data-check": check },
    h("div", { class: "heading" }, h("h3", {}, check), h("span", { class: `status ${look}` }, words)),
    h("p", { class: "quiet" }, meaning),
    h("p", { class: "found" }, found),
    mend && h("p", {}, h("strong", {}, "To do: "), mend));
}

byId("again").addEventListener("click", ({ currentTarget }) => void whileDisabled(currentTarget, () => look().catch(tellProblem)));
await openFrame().catch(tellProblem);
await keepUp(look, INTERVAL_MS);
