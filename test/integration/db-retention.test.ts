import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { countMembers, endSession, findReleaseOfUser, isSessionEnded, listRuns, readCounts, removeOld, requestVps, setVpsStatus } from "../../src/records/index.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { withDatabase } from "../support/postgres.ts";

const { pool } = await withDatabase();
eachBeginsEmpty({ pool });
const KEPT = { runsKeptDays: 90, auditKeptDays: 730, notificationsKeptDays: 30 };

async function user(username: string, status: "ready" | "failed"): Promise<void> {
  await requestVps(pool, { userId: username, username, hostname: `${username}.spoq.dev`, plan: "hostingercom-vps-kvm1-usd-1m", templateId: 1007, dataCenterId: 9, sshPublicKey: null });
  await setVpsStatus(pool, username, { status });
  await pool.query("UPDATE user_vps SET requested_at = now() - interval '1 year' WHERE user_id = $1", [username]);
}

async function run(userId: string, runId: string, daysAgo: number, outcome: string | null = "succeeded"): Promise<void> {
  await pool.query(
    `INSERT INTO vps_runs (run_id, user_id, username, operation, worker_id, host_id, pid, started_at, ended_at, outcome)
     VALUES ($1, $2, $2, 'up', 'w', 'h', 1, now() - make_interval(days => $3), CASE WHEN $4::text IS NOT NULL THEN now() - make_interval(days => $3) END, $4)`, [runId, userId, daysAgo, outcome]);
  await pool.query("INSERT INTO vps_run_log (run_id, line) VALUES ($1, 'a line')", [runId]);
  await pool.query("INSERT INTO vps_phases (run_id, user_id, phase) VALUES ($1, $2, 'vm')", [runId, userId]);
}

describe("what is long over", () => {
  it("is removed with all that belongs to it; what is young, goes on, or is needed to know whether something was bought, stays", async () => {
    await user("alice", "ready");
    for (const [runId, daysAgo] of [["a-old", 200], ["a-older", 100], ["a-young", 10]] as const) await run("alice", runId, daysAgo);
    await user("bob", "ready");
    await run("bob", "b-last", 200);
    await user("carol", "failed");
    for (const [runId, daysAgo] of [["c-old", 200], ["c-new", 100]] as const) await run("carol", runId, daysAgo);
    await user("dave", "ready");
    await run("dave", "d-open", 200, null);
    await run("dave", "d-last", 1);
    const counted = (await readCounts(pool)).of("runs");
    assert.equal((await removeOld(pool, KEPT)).runs, 2);
    const left = await Promise.all(["alice", "bob", "carol", "dave"].map(async (userId) => (await listRuns(pool, userId)).items.map(({ runId }) => runId)));
    assert.deepEqual(left, [["a-young"], ["b-last"], ["c-new", "c-old"], ["d-last", "d-open"]]);
    for (const table of ["vps_run_log", "vps_phases"]) assert.equal((await pool.query(`SELECT FROM ${table} WHERE run_id LIKE 'a-%'`)).rowCount, 1, table);
    assert.deepEqual((await readCounts(pool)).of("runs"), counted, "what was counted stays counted");
  });

  it("goes by its own time: findings once they are resolved, sweeps but the last good one, operators' actions after longer", async () => {
    await pool.query(
      `INSERT INTO vps_findings (kind, subject, declared, actual, first_seen, last_seen, resolved_at)
       SELECT 'VmStopped', 'f' || n, 'a', 'b', now() - interval '1 year', now() - interval '1 year', CASE n WHEN 1 THEN now() - interval '91 days' WHEN 2 THEN now() END FROM generate_series(1, 3) n`);
    await pool.query("INSERT INTO vps_sweeps (requested_by, started_at, finished_at, outcome) VALUES ('s', now() - interval '1 year', now() - interval '1 year', 'succeeded'), ('s', now() - interval '200 days', now() - interval '200 days', 'succeeded'), ('s', now() - interval '100 days', now() - interval '100 days', 'failed')");
    await pool.query("INSERT INTO vps_operator_actions (asked_at, requested_by, path, request_id) VALUES (now() - interval '100 days', 'o', '/', 'young'), (now() - interval '731 days', 'o', '/', 'old')");
    const { findings, sweeps, operatorActions } = await removeOld(pool, KEPT);
    assert.deepEqual({ findings, sweeps, operatorActions }, { findings: 1, sweeps: 2, operatorActions: 1 });
    assert.deepEqual(await removeOld(pool, KEPT), { runs: 0, findings: 0, sweeps: 0, operatorActions: 0, notifications: 0 });
  });

  it("is so of notifications and the events that they tell of, delivered or not", async () => {
    await pool.query(
      `INSERT INTO vps_notifications (message_id, target, ordering, events, state, created_at, next_attempt_at, delivered_at)
       VALUES ('old', 't', '', '[]', 'delivered', now() - interval '31 days', now(), now()), ('old-too', 't', '', '[]', 'given_up', now() - interval '31 days', now(), NULL), ('young', 't', '', '[]', 'pending', now(), now(), NULL)`);
    await pool.query("DELETE FROM vps_notification_events");
    await pool.query("INSERT INTO vps_notification_events (type, data, occurred_at, once_key) VALUES ('test', '{}', now() - interval '31 days', 'a'), ('test', '{}', now(), 'b')");
    assert.equal((await removeOld(pool, KEPT)).notifications, 2);
    const left = await pool.query<{ id: string }>("SELECT message_id AS id FROM vps_notifications UNION ALL SELECT once_key FROM vps_notification_events");
    assert.deepEqual(left.rows.map(({ id }) => id), ["young", "b"]);
  });

  it("is so of the VPSs of ended roll-outs, of which the numbers stay, and what tells which release a VPS has", async () => {
    for (const username of ["erin", "frank"]) await user(username, "ready");
    const rollOut = async (rollOutId: string, daysAgo: number, members: Record<string, string>) => {
      await pool.query("INSERT INTO vps_releases (version, cli_url, cli_sha256, created_by) VALUES ($1, 'https://downloads.example.com/spoq', 'a', 'o')", [rollOutId]);
      await pool.query(
        `INSERT INTO vps_roll_outs (roll_out_id, version, requested_by, reason, concurrency, max_failures, created_at, ended_at, outcome)
         VALUES ($1, $1, 'o', 'x', 1, 1, now() - make_interval(days => $2), now() - make_interval(days => $2), 'succeeded')`, [rollOutId, daysAgo]);
      await pool.query(
        `INSERT INTO vps_roll_out_members (roll_out_id, user_id, username, wave, status, ended_at)
         SELECT $1, key, key, 1, value, CASE WHEN value <> 'running' THEN now() - make_interval(days => $2) END FROM jsonb_each_text($3)`, [rollOutId, daysAgo, JSON.stringify(members)]);
    };
    await rollOut("r1", 300, { erin: "succeeded", frank: "succeeded", gone: "succeeded" });
    await rollOut("r2", 200, { erin: "succeeded", frank: "failed", gone: "running" });
    await rollOut("r3", 10, { erin: "skipped", frank: "skipped" });
    const counts = async () => { const of = await countMembers(pool, ["r1", "r2", "r3"]); return [of("r1"), of("r2"), of("r3")]; };
    const releases = () => Promise.all(["erin", "frank"].map(async (userId) => (await findReleaseOfUser(pool, userId))?.version));
    const [counted, released] = [await counts(), await releases()];
    assert.deepEqual(released, ["r2", "r1"]);
    await removeOld(pool, KEPT);
    const { rows } = await pool.query<{ left: string }>("SELECT roll_out_id || ' ' || user_id AS left FROM vps_roll_out_members ORDER BY 1");
    assert.deepEqual(rows.map(({ left }) => left), ["r1 frank", "r2 erin", "r2 gone", "r3 erin", "r3 frank"]);
    assert.deepEqual([await counts(), await releases()], [counted, released]);
  });

  it("is so of ended sessions as well, a day after they would have ended by themselves", async () => {
    const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);
    await endSession(pool, "s1", hoursAgo(25)); // gone with the next
    await endSession(pool, "s2", hoursAgo(23));
    await endSession(pool, "s3", hoursAgo(-1));
    assert.deepEqual(await Promise.all(["s1", "s2", "s3", "s4"].map((id) => isSessionEnded(pool, id))), [false, true, true, false]);
  });
});
