/** Repair of what a sweep has found: by `up`, where that loses nothing and buys nothing. */
import type { Pool } from "pg";
import type { Queryable } from "../db/queryable.ts";
import { inTransaction } from "../db/transaction.ts";
import type { Jobs } from "../jobs/job.ts";
import { findVpsByUserId, isAtRest, isMemberLetGo, lockVps, openChange, setVpsStatus } from "../records/index.ts";
import type { VpsRecord } from "../records/index.ts";
import { anothersName } from "./anothers-name.ts";
import { findFinding, lockFinding, openFindingsOf } from "./findings.ts";
import type { FindingRecord } from "./findings.ts";
import { kindOf } from "./kinds.ts";

export type RepairPlan =
  | { readonly by: "up"; /** May be done without a person asking. */ readonly automatic: boolean }
  | { readonly by: "nothing"; readonly why: string };

type Seen = Pick<FindingRecord, "kind" | "preview">;

/**
 * What can be done about a finding.
 *
 * @param others the open findings of the same user: `up` works on all of them, or is refused for one
 * @param anothers what the user's VM is called, if that is another user's name: see anothers-name.ts
 */
export function planRepair(finding: Seen & Pick<FindingRecord, "resolvedAt">, others: readonly Seen[] = [], anothers?: string): RepairPlan {
  if (finding.resolvedAt) return { by: "nothing", why: "It is resolved already." };
  const { repair, why } = kindOf(finding.kind);
  if (repair === "none") return { by: "nothing", why: `\`up\` does not mend ${finding.kind}: ${why}.` };
  if (anothers !== undefined) return { by: "nothing", why: `The VM is called ${anothers}, as another user's would be; a repair would work on it as on this user's. See whose it is: docs/runbook.md, "A VM is called by another user's name".` };
  const blocker = others.find(({ kind }) => kindOf(kind).blocks);
  if (blocker) return { by: "nothing", why: `First ${blocker.kind} has to be settled: ${kindOf(blocker.kind).why}.` };
  const refusal = [finding, ...others].map(({ preview }) => (preview && "refusal" in preview ? preview.refusal : null)).find(Boolean);
  if (refusal) return { by: "nothing", why: `\`up\` would be refused: ${refusal}` };
  // Switching the renewal on is a part of any `up`, whatever else it was meant for.
  const automatic = [finding, ...others].every(({ kind }) => kindOf(kind).repair !== "operator");
  return { by: "up", automatic };
}

export interface RepairRequest {
  readonly findingId: number;
  /** An operator's user id, or `automatic`. */
  readonly requestedBy: string;
  readonly why: string;
}

export interface RepairRecord extends RepairRequest {
  readonly repairId: number;
  readonly userId: string | null;
  readonly requestedAt: Date;
  readonly decision: "queued" | "refused";
  /** What is done, or why nothing is. */
  readonly reason: string;
}

export const AUTOMATIC = "automatic";

const REPAIR_COLUMNS = `repair_id::double precision AS "repairId", finding_id::double precision AS "findingId", user_id AS "userId", requested_by AS "requestedBy",
  why, requested_at AS "requestedAt", decision, reason`;

/** Queues the repair and writes down who wanted it and why; a refusal is written down too. undefined: no such finding. */
export async function requestRepair(pool: Pool, jobs: Pick<Jobs, "enqueue">, request: RepairRequest): Promise<RepairRecord | undefined> {
  return await inTransaction(pool, async (db) => {
    const finding = await lockWithUser(db, request.findingId);
    if (!finding) return undefined;
    const open = finding.username === null ? [] : await openFindingsOf(db, finding.username);
    return await decide(db, jobs, finding, open, request);
  });
}

/**
 * The same for all that is open of a user, by the same rule: by `up`, unless every finding is one that
 * it does not mend, or one is in the way. Without findings `up` makes sure that all is as declared.
 *
 * @returns why not, if not
 */
export async function requestRepairOfUser(db: Queryable, jobs: Pick<Jobs, "enqueue">, user: Pick<VpsRecord, "userId" | "username" | "status">, { requestedBy, why }: Pick<RepairRequest, "requestedBy" | "why">): Promise<string | undefined> {
  await lockVps(db, user.userId);
  const ids = (await openFindingsOf(db, user.username)).map(({ findingId }) => findingId);
  for (const id of ids) await lockFinding(db, id);
  const open = await openFindingsOf(db, user.username);
  const anothers = await anothersName(db, open);
  const mendable = open.find((finding) => planRepair(finding, others(finding, open), anothers).by === "up");
  const finding = mendable ?? open[0];
  // What failed without anything having been found is not repaired, but tried again.
  if (!finding) return user.status === "ready" ? await queueUp(db, jobs, user.userId, { requestedBy, why }) : `Nothing was found that a repair could mend, and '${user.username}' is '${user.status}'; what failed is tried again by retry.`;
  const { decision, reason } = await decide(db, jobs, finding, open, { requestedBy, why });
  return decision === "refused" ? reason : undefined;
}

/** The user first, as everybody does: an operator may have many repaired at once, and locks all of these users before. */
async function lockWithUser(db: Queryable, findingId: number): Promise<FindingRecord | undefined> {
  const found = await findFinding(db, findingId);
  if (found?.userId) await lockVps(db, found.userId);
  return found && (await lockFinding(db, findingId));
}

function others(finding: FindingRecord, open: readonly FindingRecord[]): FindingRecord[] {
  return open.filter(({ findingId }) => findingId !== finding.findingId);
}

async function decide(db: Queryable, jobs: Pick<Jobs, "enqueue">, finding: FindingRecord, open: readonly FindingRecord[], { requestedBy, why }: Pick<RepairRequest, "requestedBy" | "why">): Promise<RepairRecord> {
  const plan = planRepair(finding, others(finding, open), await anothersName(db, [finding, ...open]));
  const refusal = plan.by === "nothing" ? plan.why : await queueUp(db, jobs, finding.userId, { requestedBy, why });
  const { rows } = await db.query<RepairRecord>(
    `INSERT INTO vps_repairs (finding_id, user_id, requested_by, why, decision, reason) VALUES ($1, $2, $3, $4, $5, $6) RETURNING ${REPAIR_COLUMNS}`,
    [finding.findingId, finding.userId, requestedBy, why, refusal ? "refused" : "queued", refusal ?? "`up` is queued."],
  );
  return rows[0]!;
}

/** @returns why not, if not */
async function queueUp(db: Queryable, jobs: Pick<Jobs, "enqueue">, userId: string | null, { requestedBy, why }: Pick<RepairRequest, "requestedBy" | "why">): Promise<string | undefined> {
  const user = userId === null ? undefined : await findVpsByUserId(db, userId);
  if (!user || !isAtRest(user.status)) return `The user is '${user?.status ?? "not there"}'; wait until nothing is being done.`;
  if (await isMemberLetGo(db, user)) return "Its VM is a user's by now: nothing of it is repaired, and its own stack only ends.";
  const change = await openChange(db, user.userId);
  if (change) return `The ${change.kind} of ${change.requestedAt.toISOString()} has not come to its end, and this would go on with it. Have it tried again, or ask for another change.`;
  if (user.status === "failed") await setVpsStatus(db, user.userId, { status: "queued", phase: "queued" }, ["failed"]);
  await jobs.enqueue(db, { operation: "up", userId: user.userId }, { cause: { kind: "repair", requestedBy, reason: why } });
  return undefined;
}

export async function listRepairs(db: Queryable, findingIds: readonly number[]): Promise<RepairRecord[]> {
  return (await db.query<RepairRecord>(`SELECT ${REPAIR_COLUMNS} FROM vps_repairs WHERE finding_id = ANY ($1) ORDER BY repair_id`, [findingIds])).rows;
}
