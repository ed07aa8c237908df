import assert from "node:assert/strict";
import type { Pool } from "pg";

const LIMIT_MS = 60_000;
const LOOK_INTERVAL_MS = 50;

/** Fails if a job stays: it ends a moment after the record that its run has written. */
export async function untilNoJobIsLeft(pool: Pool): Promise<void> {
  const endMs = Date.now() + LIMIT_MS;
  for (;;) {
    const { rows } = await pool.query<{ name: string; data: unknown }>("SELECT name, data FROM user_vps_jobs.job WHERE state IN ('created', 'retry', 'active')");
    if (rows.length === 0) return;
    assert.ok(Date.now() < endMs, `jobs are left: ${JSON.stringify(rows)}`);
    await new Promise((resume) => setTimeout(resume, LOOK_INTERVAL_MS));
  }
}
