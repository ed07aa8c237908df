import { UserVpsError } from "../../../providers/core/errors.ts";
import type { PoolView } from "../../http/routes/pools.ts";
import { id, wholeNumber } from "../argument-values.ts";
import type { CliCommand } from "../command.ts";
import { confirmTyped } from "../confirm.ts";
import { money, table } from "../output.ts";
import { answer, withService } from "../service-client/api.ts";
import { allPages } from "../service-client/paths.ts";
import { REASON_OPTION } from "../service-client/order.ts";

interface SetOptions {
  readonly plan?: string;
  readonly dataCenter?: number;
  readonly schedule?: string;
  readonly perDay?: number | "none";
  readonly reason?: string;
  readonly confirm?: string;
}

const NONE = "none";

/** GET /api/admin/pools */
export const poolList: CliCommand<{ members?: true }> = {
  usage: "pool list",
  summary: "Pools of VPSs that are kept ready for users to come: how many there are, what they cost, how many signups got one",
  options: [{ flags: "--members", description: "the VPSs, one by one" }],
  examples: ["pool list", "pool list --members --json"],
  async run(invocation) {
    invocation.progress.say("asking the service");
    const items = await withService(invocation, (service) => allPages((query) => service.GET("/api/admin/pools", { params: { query } })));
    if (!invocation.options.members) return { data: items, text: items.length === 0 ? "There is no pool: `user-vps pool set NUMBER` makes one." : poolsText(items) };
    const rows = items.flatMap(({ poolId, members }) => members.map(({ username, state, vmId, claimedBy, paidUntil, reason }) => [poolId, username, state, vmId, claimedBy, paidUntil?.slice(0, 10), reason]));
    return { data: items, text: table(["POOL", "VPS", "STATE", "VM", "CLAIMED BY", "PAID UNTIL", "REASON"], rows) };
  },
};

/** POST /api/admin/pools */
export const poolSet: CliCommand<SetOptions> = {
  usage: "pool set <ready>",
  summary: "Set how many VPSs a pool keeps ready; makes it, or lets it go on after it has paused",
  details: "VPSs are bought for it, so it asks first. What is not named stays as it is for the pool. It counts before the setting POOLS from then on. A smaller number gives nothing up: what is there waits for users until its term ends. The limits of all purchases stand before it (docs/money.md). See docs/pool.md.",
  options: [
    { flags: "--plan <plan>", description: "such as kvm2 (default: the service's)" },
    { flags: "--data-center <id>", description: "(default: the service's)", parse: id },
    { flags: "--schedule <rules>", description: "other numbers at other times (UTC), with semicolons between: 'mon-fri 07:00-19:00 = 10; 2026-12-01T08:00Z/2026-12-02T08:00Z = 50'; none: as many at all times" },
    { flags: "--per-day <number>", description: "how many may be bought a day at most; none: as many as the limits of all purchases let", parse: (text) => (text === NONE ? NONE : wholeNumber(text)) },
    REASON_OPTION,
    { flags: "--confirm <number>", description: "the largest number again, in place of typing it" },
  ],
  examples: ["pool set 5 --per-day 5", "pool set 5 --plan kvm2 --data-center 9 --per-day 20 --schedule '22:00-06:00 = 1' --reason 'fewer at night'"],
  async run(invocation) {
    const { args: [number], options: { plan, dataCenter, schedule, perDay, reason, confirm }, progress } = invocation;
    const ready = wholeNumber(number!);
    const rules = schedule === NONE ? [] : schedule?.split(";").map((rule) => rule.trim()).filter((rule) => rule !== "");
    await confirmNumber(Math.max(ready, ...(rules ?? []).map((rule) => Number(/= ?(\d+)$/.exec(rule)?.[1] ?? 0))), confirm);
    progress.say("asking the service");
    const body = { ready, ...(plan && { plan }), ...(dataCenter && { dataCenterId: dataCenter }), ...(rules && { schedule: rules }), ...(perDay !== undefined && { mostPerDay: perDay === NONE ? null : perDay }), ...(reason && { reason }) };
    const pool = await withService(invocation, (service) => answer(service.POST("/api/admin/pools", { body })));
    const { poolId, keepReady, mostPerDay } = pool;
    const told = [`${poolId} keeps ${keepReady} ready`, ...(pool.schedule.length > 0 ? [`at other times ${pool.schedule.join("; ")}`] : []), mostPerDay === null ? "no limit a day of its own" : `at most ${mostPerDay} are bought a day`];
    return { data: pool, text: `${told.join(", ")}.\n\n${poolsText([pool])}` };
  },
};

/** What is bought for it is paid for a term each, whether anybody comes or not. */
async function confirmNumber(most: number, given: string | undefined): Promise<void> {
  if (most === 0) return;
  await confirmTyped({ what: `Up to ${most} VPSs are bought for the pool, and another one for each that a user gets; each is paid for a term, whether anybody comes for it or not.`, expected: String(most), given, option: `--confirm ${most}` });
}

/** POST /api/admin/pools/{poolId}/drain */
export const poolDrain: CliCommand<{ reason?: string; confirm?: string }> = {
  usage: "pool drain <pool>",
  summary: "Empty a pool: nothing is bought for it any more, its VPSs are wiped, stopped and not renewed",
  details: "What was paid for them is lost. VPSs that users have got from it are theirs. `pool set` fills it again; `pool set 0 --schedule none` buys no more and gives nothing up.",
  options: [REASON_OPTION, { flags: "--confirm <pool>", description: "the pool again, in place of typing it" }],
  examples: ["pool drain kvm1-9-1007 --reason 'the launch is over'"],
  async run(invocation) {
    const { args: [poolId], options: { reason, confirm }, progress } = invocation;
    if (!/^[A-Za-z0-9-]+$/.test(poolId!)) throw new UserVpsError("INPUT_INVALID", `Expected a pool as \`user-vps pool list\` names it, such as kvm1-9-1007; got '${poolId}'.`);
    await confirmTyped({ what: `All VPSs of the pool ${poolId} that nobody has claimed are wiped and given up, though they are paid.`, expected: poolId!, given: confirm, option: `--confirm ${poolId}` });
    progress.say("asking the service");
    const pool = await withService(invocation, (service) => answer(service.POST("/api/admin/pools/{poolId}/drain", { params: { path: { poolId: poolId! } }, body: reason === undefined ? {} : { reason } })));
    return { data: pool, text: poolsText([pool]) };
  },
};

function poolsText(pools: readonly PoolView[]): string {
  const rows = pools.map((pool) => [
    pool.poolId, stateOf(pool), `${pool.ready} of ${pool.wanted}`, pool.building, pool.failed, pool.claimed, pool.setAside,
    `${pool.begunToday}${pool.mostPerDay === null ? "" : ` of ${pool.mostPerDay}`}`, money(pool.spentCents, ""), pool.asked === 0 ? undefined : `${Math.round((100 * pool.hits) / pool.asked)} %`, seconds(pool.secondsWith), seconds(pool.secondsWithout),
  ]);
  return table(["POOL", "STATE", "READY", "BUILDING", "FAILED", "CLAIMED", "SET ASIDE", "TODAY", "SPENT", "HITS", "READY IN", "WITHOUT"], rows);
}

function stateOf({ state, pausedBecause, keepReady, schedule }: PoolView): string {
  if (state === "paused") return `paused: ${pausedBecause}`;
  return state === "filling" && keepReady === 0 && schedule.length === 0 ? "not filled" : state;
}

function seconds(value: number | null): string | undefined {
  return value === null ? undefined : `${value.toFixed(1)} s`;
}
