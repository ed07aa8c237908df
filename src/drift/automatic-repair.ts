import type { Pool } from "pg";
import type { Jobs } from "../jobs/job.ts";
import { anothersName } from "./anothers-name.ts";
import { listFindings } from "./findings.ts";
import type { FindingRecord } from "./findings.ts";
import type { FindingKind } from "./kinds.ts";
import { AUTOMATIC, planRepair, requestRepair } from "./repair.ts";
import type { RepairRecord } from "./repair.ts";

export interface AutomaticRepairOptions {
  readonly pool: Pool;
  readonly jobs: Pick<Jobs, "enqueue">;
  /** Repairs under way at a time; 0 switches it off. */
  readonly mostAtOnce: number;
  /** Only these; all that can be repaired automatically unless given. */
  readonly kinds?: readonly FindingKind[] | undefined;
}

/** More would not help where these did not. */
const MOST_TRIES = 3;
const MOST_FINDINGS = 10_000;
/** A repair that has not come to a run by then counts as over. */
const LONGEST_REPAIR = "1 hour";

/** Queued, and the run that it asked for has not ended yet. */
const UNDER_WAY = `
  SELECT count(DISTINCT user_id)::int AS count FROM vps_repairs
  WHERE requested_by = $1 AND decision = 'queued' AND requested_at > clock_timestamp() - interval '${LONGEST_REPAIR}'
    AND NOT EXISTS (
      SELECT FROM vps_runs WHERE vps_runs.user_id = vps_repairs.user_id AND operation = 'up'
        AND started_at >= vps_repairs.requested_at AND outcome IS NOT NULL)`;

/**
 * Repairs what may be repaired without a person, a few users at a time. Only what two sweeps have
 * seen, one `up` a user, and each finding at most three times.
 */
export async function repairAutomatically({ pool, jobs, mostAtOnce, kinds }: AutomaticRepairOptions): Promise<RepairRecord[]> {
  const { rows: [underWay] } = await pool.query<{ count: number }>(UNDER_WAY, [AUTOMATIC]);
  const { items } = await listFindings(pool, { open: true, limit: MOST_FINDINGS });
  const tries = await triesOf(pool);
  const byUser = Map.groupBy(items.filter(({ username }) => username !== null).toReversed(), ({ username }) => username);
  const repairs: RepairRecord[] = [];
  for (const findings of byUser.values()) {
    if (repairs.length >= mostAtOnce - (underWay?.count ?? 0)) break;
    const anothers = await anothersName(pool, findings);
    const finding = findings.find((one) => isDue(one, findings, anothers, kinds) && (tries.get(one.findingId) ?? 0) < MOST_TRIES);
    if (!finding) continue;
    const repair = await requestRepair(pool, jobs, { findingId: finding.findingId, requestedBy: AUTOMATIC, why: `${finding.kind}, seen since ${finding.firstSeen.toISOString()}` });
    if (repair?.decision === "queued") repairs.push(repair);
  }
  return repairs;
}

function isDue(finding: FindingRecord, all: readonly FindingRecord[], anothers: string | undefined, kinds: readonly FindingKind[] | undefined): boolean {
  if (kinds && !kinds.includes(finding.kind)) return false;
  const plan = planRepair(finding, all.filter((one) => one !== finding), anothers);
  return plan.by === "up" && plan.automatic && finding.lastSeen > finding.firstSeen;
}

async function triesOf(pool: Pool): Promise<Map<number, number>> {
  const { rows } = await pool.query<{ findingId: number; count: number }>(
    `SELECT finding_id::double precision AS "findingId", count(*)::int AS count FROM vps_repairs WHERE requested_by = $1 GROUP BY finding_id`, [AUTOMATIC],
  );
  return new Map(rows.map(({ findingId, count }) => [findingId, count]));
}
