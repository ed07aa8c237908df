import assert from "node:assert/strict";
import { Pool, type QueryConfig } from "pg";
import { beforeAll, describe, it } from "vitest";
import type { PgBoss } from "pg-boss";
import type { Queryable } from "../../src/db/queryable.ts";
import { startQueue } from "../../src/jobs/index.ts";
import { endForgottenRuns } from "../../src/jobs/forgotten-runs.ts";
import { queueMissingJobs } from "../../src/jobs/missing-jobs.ts";
import { countOpenFindings, countUsersWithFindings, openFindingsOf } from "../../src/drift/findings.ts";
import { countMembers as countPoolMembers } from "../../src/pool/counts.ts";
import { claimFromPool, findOpenPurchase, hasUnknownTerms, reserve, wishFor } from "../../src/purchases/index.ts";
import type { GuardSettings, ReadLiveFacts } from "../../src/purchases/index.ts";
import { StateBackend } from "../../src/provisioning/state-backend.ts";
import * as records from "../../src/records/index.ts";
import { findReleaseOfUser } from "../../src/records/index.ts";
import { NUMBER_RANGES, readFleetNumbers, type NumberRange } from "../../src/web/fleet-numbers.ts";
import { atEnd } from "../support/at-end.ts";
import { withDatabase } from "../support/postgres.ts";

/** A fleet of this size, each user with five runs. */
const USERS = 100_000;
const RUNS = 500_000;
const SEED_LIMIT_MS = 240_000;

const { pool, url } = await withDatabase();

/** Tables that grow with the fleet or with time; the others are small whatever happens. */
const GROWING = new Set(["user_vps", "vps_runs", "vps_phases", "vps_run_log", "vps_engine_processes", "vps_findings", "vps_give_ups", "vps_changes", "vps_credentials", "vps_operator_actions", "vps_roll_out_members", "vps_purchases", "vps_certificates", "vps_pool_members", "pulumi_state"]);

interface Plan {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly Filter?: string;
  readonly Plans?: readonly Plan[];
}

function scansIn(plan: Plan): string[] {
  const here = plan["Node Type"] === "Seq Scan" && GROWING.has(plan["Relation Name"] ?? "") ? [`${plan["Relation Name"]} (${plan.Filter ?? "all of it"})`] : [];
  return [...here, ...(plan.Plans ?? []).flatMap(scansIn)];
}

/** How growing tables are read. */
function readsIn(plan: Plan): string[] {
  const here = GROWING.has(plan["Relation Name"] ?? "") ? [`${plan["Node Type"]} of ${plan["Relation Name"]}`] : [];
  return [...here, ...(plan.Plans ?? []).flatMap(readsIn)];
}

/** A database that notes which of the statements read a growing table from one end to the other, and how many there were. */
function explaining(db: Queryable, scans: string[] = []): Queryable & { readonly scans: string[]; readonly reads: string[]; statements: number } {
  const explained = {
    scans,
    reads: [] as string[],
    statements: 0,
    query: (async (asked: string | QueryConfig, more: readonly unknown[] = []) => {
      const { text, values = [] } = typeof asked === "string" ? { text: asked, values: more } : asked;
      if (/^\s*(SELECT|WITH|INSERT|UPDATE|DELETE)/.test(text)) {
        const { rows } = await db.query<{ "QUERY PLAN": [{ Plan: Plan }] }>(`EXPLAIN (FORMAT JSON) ${text}`, values as unknown[]);
        const { Plan: plan } = rows[0]!["QUERY PLAN"][0];
        explained.scans.push(...scansIn(plan));
        explained.reads.push(...readsIn(plan));
        explained.statements += 1;
      }
      return await db.query(text, values as unknown[]);
    }) as unknown as Queryable["query"],
  };
  return explained;
}

/** The same of a pool, for what opens its transactions itself. */
function explainingPool(): Pool & { readonly scans: string[] } {
  const { scans, query } = explaining(pool);
  const connect = async () => {
    const client = await pool.connect();
    return { query: explaining(client, scans).query, on: client.on.bind(client), off: client.off.bind(client), release: client.release, getTransactionStatus: client.getTransactionStatus.bind(client) };
  };
  return { scans, query, connect } as unknown as Pool & { readonly scans: string[] };
}

async function seed(): Promise<void> {
  // Without triggers: what they would keep is put in beside.
  await pool.query("ALTER TABLE user_vps DISABLE TRIGGER USER; ALTER TABLE vps_runs DISABLE TRIGGER USER");
  await pool.query(
    `INSERT INTO user_vps (user_id, username, hostname, plan_id, template_id, data_center_id, status, phase, requested_at, updated_at, ready_at, hostinger_vm_id)
     SELECT 'user_' || n, 'name' || n, 'name' || n || '.spoq.dev', 'hostingercom-vps-kvm1-usd-1m', 1007, 9, CASE WHEN n % 50 = 0 THEN 'deprovisioned' ELSE 'ready' END, 'done',
       now() - n * interval '10 minutes' - interval '5 minutes', now() - n * interval '10 minutes', now() - n * interval '10 minutes', n
     FROM generate_series(1, $1::int) n`, [USERS]);
  await pool.query(
    `INSERT INTO vps_runs (run_id, user_id, username, operation, worker_id, host_id, pid, started_at, ended_at, outcome, seconds)
     SELECT 'run_' || n, 'user_' || (n % $2 + 1), 'name', 'up', 'w', 'h', 1, now() - n * interval '2 minutes', now() - n * interval '2 minutes', CASE WHEN n % 20 = 0 THEN 'failed' ELSE 'succeeded' END, 1
     FROM generate_series(1, $1::int) n`, [RUNS, USERS]);
  await pool.query("INSERT INTO vps_phases (run_id, user_id, phase, started_at, ended_at) SELECT run_id, user_id, 'vm', started_at, ended_at FROM vps_runs LIMIT 200000");
  await pool.query(
    `INSERT INTO vps_findings (kind, subject, user_id, username, declared, actual, first_seen, last_seen, resolved_at)
     SELECT 'VmStopped', 'name' || n, 'user_' || n, 'name' || n, 'running', 'stopped', now(), now(), CASE WHEN n > 100 THEN now() END FROM generate_series(1, 50000) n`);
  await pool.query(
    `INSERT INTO vps_give_ups (user_id, username, hostname, requested_by, reason, wipe, previous_status, due_at, plan_id, template_id, data_center_id, vm_id, wipe_action_id, wiped_at, stopped_at, ended_at, reused_by, reused_at, paid_until)
     SELECT 'user_' || n, 'name' || n, 'name' || n || '.spoq.dev', 'o', 'r', true, 'ready', now(), 'hostingercom-vps-kvm1-usd-1m', 1007, 9, 1000000 + n, n, now(), now(), now(), 'user_' || n + 1, now(), now() FROM generate_series(1, 50000) n`);
  await pool.query("INSERT INTO vps_operator_actions (requested_by, path, username, request_id, status) SELECT 'o', '/', 'name' || n, 'r', 202 FROM generate_series(1, 50000) n");
  await pool.query("INSERT INTO vps_credentials (user_id, key_id, sealed) SELECT 'user_' || n, 'k1', 'sealed' FROM generate_series(1, 20000) n");
  await pool.query(
    `INSERT INTO vps_changes (user_id, username, kind, vm_id, declared_before, declared_after, requested_by, reason, ended_at, outcome)
     SELECT 'user_' || n % 5000, 'name', 'rename', n, '{}', '{}', 'o', 'r', now(), 'succeeded' FROM generate_series(1, 20000) n`);
  await pool.query(
    `INSERT INTO vps_releases (version, conductor_url, conductor_sha256, created_by) VALUES ('1', 'https://downloads.example.com/1', '1', 'o');
     INSERT INTO vps_roll_outs (roll_out_id, version, requested_by, reason, concurrency, max_failures, ended_at, outcome) SELECT 'r' || n, '1', 'o', 'r', 1, 1, now(), 'succeeded' FROM generate_series(1, 5) n;
     INSERT INTO vps_roll_out_members (roll_out_id, user_id, username, wave, status, ended_at) SELECT 'r' || n % 5 + 1, 'user_' || n / 5, 'name', 1, 'succeeded', now() FROM generate_series(1, 50000) n`);
  await pool.query(
    `INSERT INTO vps_purchases (user_id, username, hostname, plan_id, state, asked_at, reserved_at, bought_at, price_cents, currency, vm_id, subscription_id, paid_until)
     SELECT user_id, username, hostname, plan_id, 'bought', requested_at, requested_at, requested_at, 699, 'USD', hostinger_vm_id, 's' || hostinger_vm_id, requested_at + interval '10 years' FROM user_vps`);
  await pool.query("INSERT INTO vps_certificates (hostname, user_id, first_at) SELECT hostname, user_id, ready_at FROM user_vps");
  await pool.query(
    `INSERT INTO user_vps (user_id, username, hostname, plan_id, template_id, data_center_id, status, phase, requested_at, updated_at, ready_at, hostinger_vm_id, is_pooled)
     SELECT 'member_' || n, 'pool-' || n, 'pool-' || n || '.spoq.dev', 'hostingercom-vps-kvm1-usd-1m', 1007, 9, 'ready', 'done', now(), now(), now(), 2000000 + n, true FROM generate_series(1, 10) n`);
  await pool.query(
    `INSERT INTO vps_pools (pool_id, plan_id, data_center_id, template_id, keep_ready) VALUES ('kvm1-9-1007', 'hostingercom-vps-kvm1-usd-1m', 9, 1007, 10);
     INSERT INTO vps_pool_members (member_id, username, pool_id, state, created_at, ready_at, vm_id, claimed_by, claimed_at, ended_at)
     SELECT 'member_' || n, 'pool-' || n, 'kvm1-9-1007', CASE WHEN n <= 10 THEN 'ready' ELSE 'delivered' END, at, at, 2000000 + n, CASE WHEN n > 10 THEN 'user_' || n END, at, CASE WHEN n > 10 THEN at END
     FROM (SELECT n, now() - n * interval '10 minutes' AS at FROM generate_series(1, 50000) n) AS member`);
  await pool.query("ALTER TABLE user_vps ENABLE TRIGGER USER; ALTER TABLE vps_runs ENABLE TRIGGER USER");
  await pool.query("INSERT INTO vps_counts SELECT 'users', status, count(*) FROM user_vps GROUP BY status");
}

async function seedState(backend: StateBackend): Promise<void> {
  await backend.prepare();
  await pool.query(
    `INSERT INTO pulumi_state (key, data) SELECT current_database() || '/.pulumi/' || kind || '/user-vps/name' || n || '/name' || n || '-' || (1700000000000000000 + v)::text || '.history.json', '{"data":"x"}'
     FROM generate_series(1, 10000) n, unnest(ARRAY['history', 'backups']) kind, generate_series(1, 5) v`);
}

describe(`with ${USERS.toLocaleString("en")} users and ${RUNS.toLocaleString("en")} runs, nothing on the way of one user reads them all`, () => {
  const backend = new StateBackend(url, "user-vps");

  let boss: PgBoss;
  atEnd(async () => {
    await boss.stop({ graceful: false });
    await backend.close();
  });
  beforeAll(async () => {
    await seed();
    await seedState(backend);
    boss = await startQueue({ databaseUrl: url, works: false, onError: () => undefined });
    await pool.query("VACUUM ANALYZE");
  }, SEED_LIMIT_MS);

  const user = "user_77";
  const wanted = { userId: "user_new", username: "new", hostname: "new.spoq.dev", plan: "hostingercom-vps-kvm1-usd-1m", templateId: 1007, dataCenterId: 9, sshPublicKey: null };
  const ways: Readonly<Record<string, (db: Queryable) => Promise<unknown>>> = {
    "a signup": (db) => records.requestVps(db, wanted),
    "a signup of who has one already": (db) => records.requestVps(db, { ...wanted, userId: user }),
    "the place in the queue, and what is left": async (db) => {
      const record = { ...(await records.findVpsByUserId(db, user))!, status: "queued" as const, readyAt: null };
      const pace = records.fleetPace(db);
      await records.findQueuePlace(pace, record);
      await records.findQueuePlace(pace, { ...record, waitingPlace: 1 });
      await records.estimateReadyAt(pace, record, (await records.readProgress(db, user)).way, { position: 1, total: 1 });
    },
    "the status": async (db) => [await records.findVpsByUserId(db, user), await records.readProgress(db, user)],
    "an operator's look at one user": async (db) => [await records.findVpsByUsername(db, "name77"), await records.listRuns(db, user, { limit: 50 }), await openFindingsOf(db, "name77"), await records.listOperatorActions(db, { username: "name77", limit: 50 }), await records.listGiveUps(db, { username: "name77", limit: 10 }), await records.listChanges(db, user, 10)],
    "later pages of runs": (db) => records.listRuns(db, user, { limit: 2, cursor: "run_76" }),
    "whose a VM is, and what a user's VM was before": async (db) => {
      const record = (await records.findVpsByUserId(db, user))!;
      return [await records.isOrWasVmOfAnother(db, user, 77), await records.replacedVms(db, user), await records.begunInstallations(db, record)];
    },
    "records without a job": (db) => queueMissingJobs({ boss, pool: db as Pool, log: () => undefined }, 1_000_000_000),
    "runs that nobody ends": (db) => endForgottenRuns({ pool: db as Pool, databaseUrl: "", log: () => undefined }, 1_000_000_000),
    "a run from its beginning to its end": async (db) => {
      const runId = "run-of-77";
      await records.openRunsOf(db, user);
      await records.startRun(db, { runId, userId: user, username: "name77", operation: "up", workerId: "w", hostId: "h", pid: 1 });
      await records.setVpsStatus(db, user, { status: "provisioning" }, ["ready"]);
      await records.beginPhase(db, { runId, userId: user, phase: "vm" });
      await records.appendRunLog(db, runId, ["a line"]);
      await records.saveVpsResult(db, user, { address: "192.0.2.1" });
      await records.openChange(db, user);
      await records.begunGiveUp(db, user);
      await records.finishRun(db, runId, { outcome: "succeeded", seconds: 1 });
    },
    "a claim": async (db) => {
      const { record } = await records.requestVps(db, { ...wanted, userId: "user_claiming", username: "claiming", hostname: "claiming.spoq.dev" });
      assert.ok(await claimFromPool(db, { allowedPlans: undefined, certificatesPerWeek: USERS }, record));
    },
    "what a pool's member may be bought for": async (db) => [await records.mayBuyForPool(db, "member_1"), await records.isOfEndedPool(db, "member_1"), await countPoolMembers(db, "kvm1-9-1007"), await hasUnknownTerms(db)],
    "what a run looks for beside": async (db) => {
      const record = (await records.findVpsByUserId(db, user))!;
      return [await records.mayHaveBought(db, record), await records.isHostnameTaken(db, user, "other.spoq.dev"), await findReleaseOfUser(db, user)];
    },
    "a wiped VM for somebody": async (db) => [await records.findWipedVm(db, (await records.findVpsByUserId(db, user))!, 3), await records.claimWipedVm(db, user, 7, 3)],
    "a page of the fleet": async (db) => {
      for (const sort of records.VPS_SORTS) {
        for (const descending of [false, true]) {
          for (const page of [{}, { cursor: "name5" }, { offset: 5_000 }]) await records.listVps(db, { limit: 50, sort, descending, ...page });
        }
      }
      for (const filter of [{ status: "failed" }, { status: "ready", cursor: "name5" }, { plan: "hostingercom-vps-kvm1-usd-1m" }, { dataCenterId: 9 }, { findings: "any" }, { findings: "VmStopped" }, { usernames: ["name7", "name77"] }] as const) await records.listVps(db, { limit: 50, ...filter });
    },
    "what the fleet's page counts": async (db) => {
      for (const filter of [{}, { status: "ready" }, { findings: "any" }, { findings: "VmStopped", status: "ready" }] as const) await records.countVps(db, filter);
      await records.readFleetFacets(db);
      await countUsersWithFindings(db);
      await countOpenFindings(db);
    },
    "metrics": async (db) => [await records.countVpsByStatus(db), await records.countRuns(db), await records.countSecondsToReady(db)],
  };
  for (const [name, way] of Object.entries(ways)) {
    it(name, async () => {
      const db = explaining(pool);
      await way(db);
      assert.ok(db.statements > 0);
      assert.deepEqual(db.scans, []);
    });
  }

  it("a reservation", async () => {
    const db = explainingPool();
    const { record: { userId, username, hostname, plan, requestedAt } } = await records.requestVps(db, { ...wanted, userId: "user_buying", username: "buying", hostname: "buying.spoq.dev" });
    const wish = await wishFor(db, { userId, username, hostname, plan, changeId: null, askedAt: requestedAt });
    const settings = { purchases: "on", purchasesPerDay: USERS, spendPerMonthCents: 1_000 * USERS, fleetLimit: 2 * USERS, zoneRecordLimit: 2 * USERS, certificatesPerWeek: USERS } as GuardSettings;
    const readLiveFacts: ReadLiveFacts = async () => ({ price: { firstTermCents: 699, renewalCents: 999, currency: "USD" }, paymentFault: undefined, zone: { recordCount: USERS, fault: undefined } });
    assert.equal(await reserve({ pool: db, settings, readLiveFacts }, wish, undefined as never), undefined, "nothing is waited for");
    assert.equal((await findOpenPurchase(db, userId))?.state, "reserved");
    assert.deepEqual(db.scans, []);
  });

  for (const range of Object.keys(NUMBER_RANGES) as NumberRange[]) {
    it(`the page's numbers of the last ${range}`, async () => {
      const db = explaining(pool);
      assert.ok((await readFleetNumbers(db, range)).length > 0);
      assert.deepEqual(db.scans, []);
    });
  }

  it("how far roll-outs are is counted by an index alone", async () => {
    const db = explaining(pool);
    assert.equal((await records.countMembers(db, ["r1", "r2"]))("r1").succeeded, 10_000);
    assert.deepEqual(db.reads, ["Index Only Scan of vps_roll_out_members"]);
  });

  it("the state of one stack: its locks, and its older updates", async () => {
    const asked: [string, readonly unknown[]][] = [];
    const { query } = Pool.prototype;
    Pool.prototype.query = function (this: Pool, text: string, values: unknown[] = []) {
      asked.push([text, values]);
      return (query as (...args: unknown[]) => unknown).call(this, text, values);
    } as never;
    try {
      await backend.readLocks("name77");
      await backend.pruneHistory("name77", 2);
      await backend.removeCopies("name78");
    } finally {
      Pool.prototype.query = query;
    }
    assert.ok(asked.length >= 3);
    const { rows: [left] } = await pool.query<{ count: number }>("SELECT count(*)::int AS count FROM pulumi_state WHERE key LIKE '%/name77/%' OR key LIKE '%/name78/%'");
    assert.equal(left!.count, 2 * 2, "two updates of each kind are kept of the one, none of the other");
    const db = explaining(pool);
    for (const [text, values] of asked) await db.query(text, values);
    assert.deepEqual(db.scans, []);
  });
});
