/** /pools: VPSs that are kept ready for users to come. */
import { get, post } from "./api.js";
import { byId, h, show } from "./dom.js";
import { keepUp, openFrame, tell, tellProblem } from "./frame.js";
import { ask, WHY } from "./question.js";
import { money, seconds, status, time } from "./text.js";

const INTERVAL_MS = 3_000;
const LOOKS = { filling: "ready", paused: "failed", draining: "deprovisioning", ready: "ready", building: "provisioning", claimed: "running", failed: "failed", set_aside: "failed", retiring: "deprovisioning" };

await openFrame().catch(tellProblem);
await keepUp(showPools, INTERVAL_MS);

async function showPools() {
  const { items } = await get("/api/admin/pools");
  byId("no-pools").hidden = items.length > 0;
  show(byId("pools"), items, () => items.map(row));
  const paused = items.filter(({ pausedBecause }) => pausedBecause !== null);
  show(byId("pauses"), paused, () => paused.map(pauseItem));
  const members = items.flatMap((pool) => pool.members.map((member) => ({ ...member, poolId: pool.poolId })));
  show(byId("members"), members, () => members.map(memberRow));
}

function pauseItem({ poolId, failures, pausedBecause }) {
  const inARow = failures > 0 ? ` (${failures} VPSs in a row have come to nothing)` : "";
  return h("li", {}, `${poolId} has paused${inARow}: ${pausedBecause}`);
}

function row(pool) {
  const { poolId, state, ready, wanted, building, claimed, failed, setAside, spentCents, asked, hits, secondsWith, secondsWithout } = pool;
  return h("tr", {},
    h("th", { scope: "row" }, poolId),
    h("td", {}, status(LOOKS[state], state)),
    h("td", {}, `${ready} of ${wanted}`),
    h("td", {}, building),
    h("td", {}, claimed),
    h("td", {}, setAside > 0 ? `${failed}, ${setAside} set aside` : failed),
    h("td", { class: "wide" }, money(spentCents)),
    h("td", { class: "wide" }, asked === 0 ? "–" : `${hits} of ${asked}`),
    h("td", { class: "wide" }, seconds(secondsWith)),
    h("td", { class: "wide" }, seconds(secondsWithout)),
    h("td", {}, state !== "draining" && h("button", { type: "button", "data-key": `drain-${poolId}`, onclick: () => void drain(poolId).catch(tellProblem) }, `Drain ${poolId}`)));
}

function memberRow({ username, state, poolId, vmId, claimedBy, paidUntil, reason }) {
  return h("tr", {},
    h("th", { scope: "row" }, h("a", { href: `/users/${username}`, "data-key": username }, username)),
    h("td", {}, status(LOOKS[state], state.replace("_", " "))),
    h("td", {}, poolId),
    h("td", {}, vmId ?? "–"),
    h("td", { class: "wide" }, claimedBy ? h("a", { href: `/users/${claimedBy}`, "data-key": `of-${username}` }, claimedBy) : "–"),
    h("td", { class: "wide" }, time(paidUntil)),
    h("td", { class: "text wide" }, reason ?? "–"));
}

async function drain(poolId) {
  await ask({
    title: `Drain ${poolId}?`, text: "Nothing is bought for it any more. Its VPSs that nobody has claimed are wiped, stopped and not renewed, though they are paid.", yes: "Drain", isDangerous: true,
    fields: [WHY, { name: "confirm", label: `Type the pool, ${poolId}, to confirm`, required: true }], isAllowed: ({ confirm }) => confirm === poolId,
    submit: async ({ reason }) => {
      await post(`/api/admin/pools/${poolId}/drain`, { reason });
      tell(`${poolId}: it is being drained.`);
      await showPools();
    },
  });
}
