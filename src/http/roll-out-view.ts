import { z } from "zod";
import type { Queryable } from "../db/queryable.ts";
import { countMembers, listMembers, MEMBER_STATUSES, ROLL_OUT_OUTCOMES, type MemberFilter, type MemberStatus, type RollOutMember, type RollOutRecord } from "../records/index.ts";

const time = z.iso.datetime();

const MEMBER_VIEW = z.object({
  username: z.string(),
  wave: z.int(),
  status: z.enum(MEMBER_STATUSES).describe("`skipped`: not begun, because the roll-out had ended or the VPS was not ready, or taken out by an operator."),
  runId: z.string().nullable().describe("Of the run that brings it, or did: GET /api/admin/runs/{runId} and its log."),
  errorCode: z.string().nullable(),
  message: z.string().nullable(),
  snapshotAt: time.nullable().describe("When the VM's snapshot was made, if one was asked for."),
  startedAt: time.nullable(),
  endedAt: time.nullable(),
}).meta({ id: "RollOutMember" });

export const ROLL_OUT_VIEW = z.object({
  rollOutId: z.string(),
  version: z.string(),
  requestedBy: z.string().describe("An operator's user id."),
  reason: z.string(),
  concurrency: z.int(),
  maxFailures: z.int(),
  snapshot: z.boolean(),
  createdAt: time,
  endedAt: time.nullable(),
  outcome: z.enum(ROLL_OUT_OUTCOMES).nullable().describe("null while it goes on. `stopped`: by its failures. VPSs that were under way at the end come to theirs."),
  cancelledBy: z.string().nullable(),
  counts: z.object(Object.fromEntries(MEMBER_STATUSES.map((status) => [status, z.int()])) as Record<MemberStatus, z.ZodInt>).describe("How many VPSs are in each status."),
}).meta({ id: "RollOut" });

export const ROLL_OUT_WITH_MEMBERS_VIEW = ROLL_OUT_VIEW.extend({
  members: z.array(MEMBER_VIEW).describe("Those that were asked for, by wave and user name. RUNS_KEPT_DAYS after the end they are removed, all but those that tell which release a VPS has."),
}).meta({ id: "RollOutWithMembers" });

export type RollOutView = z.output<typeof ROLL_OUT_VIEW>;
export type RollOutMemberView = z.output<typeof MEMBER_VIEW>;
export type RollOutWithMembersView = z.output<typeof ROLL_OUT_WITH_MEMBERS_VIEW>;

/** By roll-out, of those all of whose VPSs have come to their end: what a page asks for every few seconds is counted once. */
export type FinalCounts = Map<string, Record<MemberStatus, number>>;

export async function readRollOutViews(db: Queryable, rollOuts: readonly RollOutRecord[], final: FinalCounts): Promise<RollOutView[]> {
  const counted = await countMembers(db, rollOuts.map(({ rollOutId }) => rollOutId).filter((id) => !final.has(id)));
  return rollOuts.map((rollOut) => {
    const { rollOutId, createdAt, endedAt, outcome } = rollOut;
    const counts = final.get(rollOutId) ?? counted(rollOutId);
    if (outcome !== null && counts.waiting + counts.running === 0) final.set(rollOutId, counts);
    return { ...rollOut, createdAt: createdAt.toISOString(), endedAt: endedAt?.toISOString() ?? null, counts };
  });
}

export async function readRollOutWithMembers(db: Queryable, rollOut: RollOutRecord, which: MemberFilter, final: FinalCounts): Promise<RollOutWithMembersView> {
  const [view] = await readRollOutViews(db, [rollOut], final);
  return { ...view!, members: (await listMembers(db, rollOut.rollOutId, which)).map(memberView) };
}

function memberView({ username, wave, status, runId, errorCode, message, ...times }: RollOutMember): RollOutMemberView {
  const at = (moment: Date | null) => moment?.toISOString() ?? null;
  return { username, wave, status, runId, errorCode, message, snapshotAt: at(times.snapshotAt), startedAt: at(times.startedAt), endedAt: at(times.endedAt) };
}
