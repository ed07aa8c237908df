/** The table of counts: kept by triggers, so that nobody counts the fleet; see migrations/131_counts.sql. */
import type { Queryable } from "../db/queryable.ts";

/** More rows than this are drawn together when they are read. */
const MOST_ROWS = 500;

interface CountRow {
  readonly kind: string;
  readonly label: string;
  readonly sum: number;
  readonly parts: number;
}

const READ = "SELECT kind, label, sum(delta)::double precision AS sum, count(*)::int AS parts FROM vps_counts GROUP BY kind, label";

/** One statement, so that whoever reads meanwhile sees either the parts or their sum. */
const DRAW_TOGETHER = `
  WITH taken AS (DELETE FROM vps_counts RETURNING kind, label, delta)
  INSERT INTO vps_counts (kind, label, delta) SELECT kind, label, sum(delta) FROM taken GROUP BY kind, label`;

export class Counts {
  readonly #rows: readonly CountRow[];

  constructor(rows: readonly CountRow[]) {
    this.#rows = rows;
  }

  /** By label. */
  of(kind: "users" | "vms" | "runs" | "seconds to ready"): ReadonlyMap<string, number> {
    return new Map(this.#rows.filter((row) => row.kind === kind).map(({ label, sum }) => [label, sum]));
  }

  /** Who has been ready and has not given the VPS up. */
  get held(): number {
    return this.#rows.find(({ kind }) => kind === "held")?.sum ?? 0;
  }
}

export async function readCounts(db: Queryable): Promise<Counts> {
  const { rows } = await db.query<CountRow>(READ);
  if (rows.reduce((sum, { parts }) => sum + parts, 0) > MOST_ROWS) await drawCountsTogether(db);
  return new Counts(rows);
}

export async function drawCountsTogether(db: Queryable): Promise<void> {
  await db.query(DRAW_TOGETHER);
}
