import type { Pool } from "pg";
import { beforeEach } from "vitest";
import type { RecordingJobs } from "./http-app.ts";

/** Nobody is told of it, and whatever the tables say of each other, the order does not matter. */
const EMPTY = `
  DO $$
  DECLARE name text;
  BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'user_vps_migrations' LOOP
      EXECUTE format('DELETE FROM %I', name);
    END LOOP;
    INSERT INTO vps_purchase_breaker DEFAULT VALUES;
  END $$`;

/**
 * Each test of the file or suite that calls it finds what a fresh database holds, and a queue that was asked for nothing: whatever
 * other tests, or its own first try, have left. Not where a worker goes on from one test to the next.
 */
export function eachBeginsEmpty({ pool, jobs }: { readonly pool: Pool; readonly jobs?: RecordingJobs }): void {
  beforeEach(async () => {
    await pool.query(EMPTY);
    jobs?.forget();
  });
}
