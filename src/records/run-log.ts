import type { Queryable } from "../db/queryable.ts";
import { storableText } from "../db/storable.ts";

export interface LogLine {
  /** Grows within a run, with gaps. */
  readonly seq: number;
  readonly at: Date;
  readonly line: string;
}

/** Adds lines in their order; whoever calls has removed secrets from them. */
export async function appendRunLog(db: Queryable, runId: string, lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  await db.query(
    "INSERT INTO vps_run_log (run_id, at, line) SELECT $1, clock_timestamp(), line FROM unnest($2::text[]) WITH ORDINALITY AS given (line, place) ORDER BY place",
    [runId, lines.map((line) => storableText(line))],
  );
}

export async function readRunLog(db: Queryable, runId: string, { afterSeq = 0, limit }: { afterSeq?: number; limit: number }): Promise<LogLine[]> {
  const { rows } = await db.query<LogLine>(
    "SELECT seq::double precision AS seq, at, line FROM vps_run_log WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
    [runId, afterSeq, limit],
  );
  return rows;
}
