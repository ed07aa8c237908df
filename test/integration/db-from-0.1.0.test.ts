import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import type { Pool } from "pg";
import { describe, it } from "vitest";
import { migrate, missingMigrations } from "../../src/db/migrate.ts";
import { createCredentialsCipher, findVpsByUserId, listGiveUps, listOperatorActions, listRuns, listVps, openChange, readProgress, readRunLog, requestVps, takeCredentials } from "../../src/records/index.ts";
import { listFindings } from "../../src/drift/findings.ts";
import { listSweeps } from "../../src/drift/sweeps.ts";
import { findReleaseOfUser, listMembers } from "../../src/records/index.ts";
import { withDatabase } from "../support/postgres.ts";

const DUMP = await readFile(new URL("../fixtures/database-0.1.0.sql", import.meta.url), "utf8");
const ALL = (await readdir(new URL("../../src/db/migrations/", import.meta.url))).sort();
const CIPHER = createCredentialsCipher([{ id: "k1", key: Buffer.from("fake-credentials-key-for-tests-!") }]);

/** A migration that touches a row counts it up, as everything does. */
const COUNTED = new Set(["user_vps.version", "user_vps.updated_at"]);

async function restored(): Promise<Pool> {
  const { pool } = await withDatabase({ migrated: false });
  await pool.query(DUMP);
  return pool;
}

type Rows = readonly Readonly<Record<string, string | null>>[];

/** Every value of every row as text, in an order of its own. */
async function readTables(pool: Pool, columnsOf: ReadonlyMap<string, readonly string[]>): Promise<Map<string, Rows>> {
  const tables = new Map<string, Rows>();
  for (const [table, columns] of columnsOf) {
    const { rows } = await pool.query<Record<string, string | null>>(`SELECT ${columns.map((column) => `${column}::text AS ${column}`).join(", ")} FROM ${table}`);
    tables.set(table, rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)));
  }
  return tables;
}

async function oldColumns(pool: Pool): Promise<Map<string, string[]>> {
  const { rows } = await pool.query<{ table: string; columns: string[] }>(
    `SELECT table_name AS table, array_agg(column_name::text ORDER BY ordinal_position) AS columns FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name <> 'user_vps_migrations' GROUP BY table_name`,
  );
  return new Map(rows.map(({ table, columns }) => [table, columns.filter((column) => !COUNTED.has(`${table}.${column}`))]));
}

describe("a database of version 0.1.0", () => {
  it("is brought to the newest migration, and everything in it is as it was", async () => {
    const pool = await restored();
    const columns = await oldColumns(pool);
    const before = await readTables(pool, columns);
    assert.deepEqual([before.size, before.get("user_vps")?.length, before.get("vps_runs")?.length], [16, 10, 8]);
    const applied = await migrate(pool);
    assert.deepEqual(applied, ALL.filter((name) => !["00", "02", "03", "04", "05", "06", "08"].includes(name.slice(0, 2))), "the migrations of 0.1.0 are known as applied");
    assert.deepEqual(await missingMigrations(pool), []);
    for (const [table, rows] of await readTables(pool, columns)) assert.deepEqual(rows, before.get(table), table);
  });

  it("has its users in the states in which they were, with all that belongs to them", async () => {
    const pool = await restored();
    await migrate(pool);
    const { items } = await listVps(pool, { limit: 50 });
    assert.deepEqual(items.map(({ username, status }) => `${username} ${status}`), [
      "alice ready", "bob queued", "carol failed", "dave provisioning", "erin deprovisioned", "frank deprovisioning", "grace queued", "heidi deprovisioning",
    ]);
    const alice = await findVpsByUserId(pool, "user_alice");
    assert.deepEqual([alice?.hostingerVmId, alice?.hostingerOrderId, alice?.subscriptionId, alice?.address, alice?.credentialsAvailable], [17_923, "order-1", "sub-1", "203.0.113.10", true]);
    assert.equal((await openChange(pool, "user_bob"))?.kind, "recreate");
    assert.equal((await findVpsByUserId(pool, "user_carol"))?.errorCode, "HEALTH_CHECK_FAILED");
    assert.deepEqual((await listRuns(pool, "user_alice")).items.map(({ runId, outcome }) => `${runId} ${outcome}`), ["run-alice-restart succeeded", "run-alice-up succeeded"]);
    assert.deepEqual((await listRuns(pool, "user_dave")).items.map(({ outcome }) => outcome), [null]);
    assert.equal((await readRunLog(pool, "run-alice-up", { limit: 10 })).length, 3);
    assert.deepEqual((await readProgress(pool, "user_carol")).phases.map(({ phase }) => phase), ["engine", "credentials", "script", "vm", "dns", "health"]);
    assert.deepEqual((await listGiveUps(pool, { limit: 10 })).map(({ username, vmId, wipe }) => [username, vmId, wipe]), [["frank", null, true], ["erin", 17_926, true]]);
    assert.deepEqual((await listFindings(pool, { open: true, limit: 10 })).items.map(({ kind }) => kind), ["OrphanVm", "VmStopped"]);
    assert.equal((await listSweeps(pool, { limit: 10 })).items.length, 2);
    assert.equal((await findReleaseOfUser(pool, "user_alice"))?.version, "1.4.0");
    assert.deepEqual((await listMembers(pool, "roll-out-1")).map(({ status }) => status), ["succeeded", "failed"]);
    assert.equal((await listOperatorActions(pool, { limit: 10 })).items.length, 2);
  });

  for (const [when, isOwn] of [["since", true], ["before", false]] as const) {
    it(`knows of a snapshot that was made ${when} the VPS was ready for its user whether it is the user's own`, async () => {
      const pool = await restored();
      await pool.query(`
        INSERT INTO vps_runs (run_id, user_id, username, operation, worker_id, host_id, pid, started_at, ended_at, outcome)
        SELECT 'run-snapshot', user_id, username, 'snapshot', 'worker', 'host', 1, at, at, 'succeeded' FROM (SELECT *, ready_at + $1::interval AS at FROM user_vps WHERE username = 'alice') AS alice`, [isOwn ? "1 hour" : "-1 hour"]);
      await migrate(pool);
      const { items } = await listVps(pool, { limit: 50 });
      assert.deepEqual(items.filter(({ snapshotVmId }) => snapshotVmId !== null).map(({ username, snapshotVmId }) => [username, snapshotVmId]), isOwn ? [["alice", 17_923]] : []);
    });
  }

  it("shows the credentials that were waiting, and takes signups as before", async () => {
    const pool = await restored();
    await migrate(pool);
    assert.equal((await takeCredentials(pool, CIPHER, "user_alice"))?.password, "fake-password-of-alice");
    const ask = (username: string) => requestVps(pool, { userId: `user_${username}`, username, hostname: `${username}.spoq.dev`, plan: "hostingercom-vps-kvm1-usd-1m", templateId: 1007, dataCenterId: 9, sshPublicKey: null });
    assert.equal((await ask("alice")).created, false);
    assert.equal((await ask("erin")).created, true, "given up, so asked for afresh");
    assert.equal((await ask("early")).created, true, "an older backend's row without a VPS");
    assert.equal((await ask("new")).created, true);
    await assert.rejects(ask("old"), { code: "VPS_EXISTS" });
  });
});
