/** Members that go: failed ones, those whose term ends, those of a pool that is drained. */
import { inTransaction } from "../db/index.ts";
import type { Queryable } from "../db/queryable.ts";
import { findVpsByUserId, listOwnPoolMembers, listPools, notePoolMemberFailed, notePoolMemberRetried, requestGiveUp, retirePoolMember, setVpsStatus } from "../records/index.ts";
import type { PoolMember } from "../records/index.ts";
import type { PoolContext } from "./context.ts";

const DAY_MS = 86_400_000;
/** What an operator has to decide about first: whether there is a VM at all. */
const UNDECIDED = "PURCHASE_UNCERTAIN";

/** What became of a member otherwise than by its own runs' end: an operator has cancelled it, or tries it again. */
export async function noteHowTheyAre({ pool, settings }: PoolContext): Promise<void> {
  const { rows } = await pool.query<{ memberId: string; isFailed: boolean; reason: string | null }>(
    `SELECT member_id AS "memberId", own.status = 'failed' AS "isFailed", own.reason FROM vps_pool_members AS member JOIN user_vps AS own ON own.user_id::text = member.member_id AND own.is_pooled
     WHERE (member.state = 'building' AND own.status = 'failed') OR (member.state = 'failed' AND own.status IN ('queued', 'provisioning'))`,
  );
  for (const { memberId, isFailed, reason } of rows) {
    await inTransaction(pool, (db) => (isFailed ? notePoolMemberFailed(db, memberId, reason ?? "It failed.", settings.poolFailures) : notePoolMemberRetried(db, memberId)));
  }
}

export async function retireWhatIsOver(context: PoolContext): Promise<void> {
  const { pool, jobs, settings, log } = context;
  const states = new Map((await listPools(pool)).map(({ poolId, state }) => [poolId, state]));
  for (const member of await listOwnPoolMembers(pool)) {
    const why = states.get(member.poolId) === "draining" ? "The pool is drained." : whyOver(member, settings.poolLeastDays, Date.now());
    if (why === undefined) continue;
    const how = await inTransaction(pool, (db) => retire(db, jobs, member, why));
    if (how === "retired") log(`pools: ${member.username} goes: ${why}`);
    // It has failed then, and goes at the next turn.
    if (how === "busy") await jobs.cancel(member.memberId);
  }
}

/** A claim has locked both rows: whoever comes first has it. */
const LOCK = "SELECT FROM vps_pool_members AS member JOIN user_vps AS own ON own.user_id::text = member_id AND is_pooled WHERE member_id = $1 AND member.state = $2 FOR UPDATE SKIP LOCKED";

async function retire(db: Queryable, jobs: PoolContext["jobs"], { memberId, state }: PoolMember, why: string): Promise<"retired" | "busy" | "left"> {
  const { rowCount } = await db.query(LOCK, [memberId, state]);
  const own = rowCount === 0 ? undefined : await findVpsByUserId(db, memberId);
  if (!own || own.errorCode === UNDECIDED || own.status === "deprovisioning") return "left";
  if (own.status === "queued" || own.status === "provisioning") return "busy";
  await setVpsStatus(db, memberId, { status: "deprovisioning" });
  await retirePoolMember(db, memberId, why);
  // Wiped, so that it may serve as long as it is paid: see REUSE_WIPED_VMS.
  await requestGiveUp(db, own, { requestedBy: "pool", reason: why, wipe: true, graceHours: 0 });
  await jobs.enqueue(db, { operation: "destroy", userId: memberId });
  return "retired";
}

function whyOver({ state, paidUntil, reason }: PoolMember, leastDays: number, nowMs: number): string | undefined {
  if (state === "failed") return `It came to nothing: ${reason ?? "no reason is known"}`;
  if (state !== "ready" || paidUntil === null || paidUntil.getTime() - nowMs >= leastDays * DAY_MS) return undefined;
  return `It is paid until ${paidUntil.toISOString().slice(0, 10)}, and not renewed.`;
}
