/** Releases that are known, and their roll-outs through the fleet, with whose VPS did not take the newest. */
import { onAddress, wanted } from "./address.js";
import { get, post } from "./api.js";
import { byId, h, show, whileDisabled } from "./dom.js";
import { keepUp, openFrame, tell, tellProblem } from "./frame.js";
import { cursorPager } from "./pager.js";
import { askFetched, WHY } from "./question.js";
import { status, when } from "./text.js";

const INTERVAL_MS = 5_000;
const PAGE_SIZE = "20";
const MOST_FAILED = 50;

async function showAll() {
  const cursor = wanted().get("cursor");
  const [page, releases] = await Promise.all([get(`/api/admin/roll-outs?${new URLSearchParams({ limit: PAGE_SIZE, ...(cursor && { cursor }) })}`), get("/api/admin/releases?limit=50")]);
  const { items } = page;
  const [newest] = items;
  show(byId("roll-outs"), items, () => (items.length > 0 ? items.map(row) : nothing("Nothing was rolled out yet.", 6)));
  cursorPager(byId("roll-out-pager"), { cursor, nextCursor: page.nextCursor });
  const isOpen = items.some(({ outcome }) => outcome === null);
  show(byId("releases"), [releases.items, isOpen], () => (releases.items.length > 0 ? releases.items.map((release) => releaseRow(release, isOpen)) : nothing("No release is known yet: `user-vps release create VERSION` makes one known.", 5)));
  const { members: failed } = newest?.counts.failed > 0 ? await get(`/api/admin/roll-outs/${newest.rollOutId}?status=failed&limit=${MOST_FAILED}`) : { members: [] };
  const more = failed.length === MOST_FAILED ? newest.counts.failed - MOST_FAILED : 0;
  show(byId("roll-out-failures"), [failed, more], () => [
    ...failed.map(({ username, errorCode, message }) => h("li", {},
      h("a", { href: `/users/${username}`, "data-key": `failed-${username}` }, username), ` did not take ${newest.version}: ${[errorCode, message].filter(Boolean).join(": ")}`)),
    more > 0 && h("li", {}, `and ${more} more: \`user-vps release status\``),
  ].filter(Boolean));
}

const nothing = (text, columns) => h("tr", {}, h("td", { colspan: String(columns), class: "quiet text" }, text));

function row({ rollOutId, version, outcome, counts, requestedBy, reason, createdAt }) {
  return h("tr", {},
    h("th", { scope: "row" }, version),
    h("td", {}, status(outcome ?? "running")),
    h("td", { class: "text" }, Object.entries(counts).filter(([, count]) => count > 0).map(([name, count]) => `${count} ${name}`).join(", ") || "nobody"),
    h("td", { class: "text wide" }, `${requestedBy}: ${reason}`),
    h("td", { class: "wide" }, when(createdAt)),
    h("td", {}, outcome === null && h("button", { type: "button", "data-key": `cancel-${rollOutId}`, onclick: ({ currentTarget }) => void whileDisabled(currentTarget, () => cancel(rollOutId, version)) }, `Cancel ${version}`)));
}

function releaseRow({ version, conductor, cli, createdBy, createdAt }, isOpen) {
  return h("tr", {},
    h("th", { scope: "row" }, h("a", { href: `/?release=${encodeURIComponent(version)}`, "data-key": `users-of-${version}`, "aria-label": `${version}: who has it` }, version)),
    h("td", { class: "text" }, [conductor && "Conductor", cli && "CLI"].filter(Boolean).join(", ")),
    h("td", { class: "text wide" }, createdBy),
    h("td", { class: "wide" }, when(createdAt)),
    h("td", {}, !isOpen && h("button", { type: "button", "data-key": `roll-${version}`, onclick: ({ currentTarget }) => void askFetched(currentTarget, () => rollOutQuestion(version)).catch(tellProblem) }, "Roll out…")));
}

/** To all who are ready, unless fewer are chosen on the fleet's page. */
async function rollOutQuestion(version) {
  const { users } = await get("/api/admin/fleet");
  return {
    title: `Roll ${version} out?`, text: `To all ${users.ready} users who are ready; fewer can be chosen on the fleet's page. One that is not healthy with it goes back to what it had.`, yes: "Roll out",
    fields: [
      { name: "waves", label: "Waves", value: "1, 10%, rest", required: true },
      { name: "concurrency", label: "How many at once", type: "number", value: "2", required: true },
      { name: "maxFailures", label: "Stop at so many failures", type: "number", value: "1", required: true },
      { name: "snapshot", label: "A snapshot of each VM before", options: [["no", "no"], ["yes", "yes, in place of the one it has"]] },
      WHY,
    ],
    submit: async ({ waves, concurrency, maxFailures, snapshot, reason }) => {
      await post("/api/admin/roll-outs", { version, confirm: version, reason, waves: waves.split(/[\s,]+/).filter(Boolean), concurrency: Number(concurrency), maxFailures: Number(maxFailures), snapshot: snapshot === "yes" });
      tell(`Roll-out of ${version}: asked for.`);
      await showAll();
    },
  };
}

async function cancel(rollOutId, version) {
  try {
    await post(`/api/admin/roll-outs/${rollOutId}/cancel`);
    tell(`Roll-out of ${version}: cancelled. What is under way comes to its end.`);
    await showAll();
  } catch (error) {
    tellProblem(error);
  }
}

await openFrame().catch(tellProblem);
onAddress(() => showAll().catch(tellProblem));
await keepUp(showAll, INTERVAL_MS);
