import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import type { Pool, PoolClient } from "pg";
import { describe, it } from "vitest";
import { migrate, missingMigrations } from "../../src/db/migrate.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { countVpsByStatus, findEarlierRows, findVpsByUserId, findVpsByUsername, isHostnameTaken, listVps, requestVps, saveVpsResult, setVpsStatus, type VpsRequest } from "../../src/records/index.ts";
import { withDatabase } from "../support/postgres.ts";

const REQUEST: VpsRequest = { userId: "5d1f4b2e-6f6e-4b53-9f0f-0d0c3a3c1111", username: "alice", hostname: "alice.spoq.dev", plan: "hostingercom-vps-kvm1-usd-1m", templateId: 1007, dataCenterId: 9, sshPublicKey: null };
const FOLDER = new URL("../../src/db/migrations/", import.meta.url);
const ALL = (await readdir(FOLDER)).sort();
const SPECIFIED = await readFile(new URL("006_hostinger.sql", FOLDER), "utf8");

describe("migrations", () => {
  it("apply to an empty database, and a second time change nothing", async () => {
    const { pool } = await withDatabase({ migrated: false });
    assert.deepEqual(await missingMigrations(pool), ALL);
    assert.deepEqual(await migrate(pool), ALL);
    assert.equal(new Set(ALL.map((name) => name.slice(0, 3))).size, ALL.length, "no number twice");
    assert.deepEqual(await migrate(pool), []);
    assert.deepEqual(await missingMigrations(pool), []);
    assert.equal((await requestVps(pool, REQUEST)).created, true);
  });

  const foreignTables = [
    ["uuid", "CREATE TABLE user_vps (id uuid PRIMARY KEY, user_id uuid NOT NULL UNIQUE, status text NOT NULL, hostname text, created_at timestamptz NOT NULL)", REQUEST.userId],
    ["bigint", "CREATE TABLE user_vps (id bigint PRIMARY KEY, user_id bigint, status varchar(40), hostname varchar(255), created_at timestamp)", "42"],
    ["text", "CREATE TABLE user_vps (id serial PRIMARY KEY, user_id text, status text DEFAULT 'pending', hostname text, created_at timestamptz DEFAULT now(), updated_at timestamptz)", "user_42"],
  ] as const;
  for (const [type, table, userId] of foreignTables) {
    it(`apply where a user_vps with user_id ${type} exists, and its records work`, async () => {
      const { pool } = await withDatabase({ migrated: false });
      await pool.query(table);
      await migrate(pool);
      const { record, created } = await requestVps(pool, { ...REQUEST, userId });
      assert.equal(created, true);
      assert.equal(record.userId, userId);
      assert.equal((await requestVps(pool, { ...REQUEST, userId })).created, false);
      assert.equal((await setVpsStatus(pool, userId, { status: "ready" }))?.status, "ready");
      await saveVpsResult(pool, userId, { hostingerVmId: 17_923 });
      assert.equal((await findVpsByUserId(pool, userId))?.hostingerVmId, 17_923);
    });
  }

  it("leave the rows of an older backend as they are and do not list them", async () => {
    const { pool } = await withDatabase({ migrated: false });
    await pool.query("CREATE TABLE user_vps (id uuid PRIMARY KEY, user_id uuid, status text, hostname text, created_at timestamptz)");
    const userId = "7b0c9f8e-1111-4222-8333-444455556666";
    await pool.query("INSERT INTO user_vps VALUES (gen_random_uuid(), $1, 'active', 'old.example.com', now()), (gen_random_uuid(), $1, 'active', 'older.example.com', now())", [userId]);
    await migrate(pool);
    assert.deepEqual(await listVps(pool, { limit: 10 }), { items: [], nextCursor: null });
    assert.equal(await findVpsByUserId(pool, userId), undefined);
    await assert.rejects(requestVps(pool, { ...REQUEST, userId }), { code: "VPS_EXISTS" });
  });

  it("leave the rows of an older backend alone that have a user name: they are in no list, count or way of ours", async () => {
    const { pool } = await withDatabase({ migrated: false });
    await pool.query("CREATE TABLE user_vps (id serial PRIMARY KEY, user_id text, username text, status text, hostname text, created_at timestamptz, plan_id text)");
    await pool.query("INSERT INTO user_vps (user_id, username, status, hostname, plan_id) VALUES ('old_1', 'olga', 'active', 'olga.example.com', 'kvm1'), ('old_2', 'otto', 'pending', NULL, NULL), ('old_3', 'oskar', NULL, NULL, NULL)");
    await migrate(pool);
    assert.deepEqual(await listVps(pool, { limit: 10 }), { items: [], nextCursor: null });
    assert.equal(await findVpsByUsername(pool, "olga"), undefined);
    assert.equal(await findVpsByUserId(pool, "old_1"), undefined);
    assert.equal((await countVpsByStatus(pool)).queued, 0);
    await assert.rejects(requestVps(pool, { ...REQUEST, userId: "old_1", username: "olga" }), { code: "VPS_EXISTS" });
    await assert.rejects(requestVps(pool, { ...REQUEST, userId: "new", username: "olga" }), { code: "USERNAME_TAKEN" });
    assert.equal((await requestVps(pool, { ...REQUEST, userId: "old_2", username: "otto", hostname: "otto.spoq.dev" })).created, true);
    assert.deepEqual((await listVps(pool, { limit: 10 })).items.map(({ username }) => username), ["otto"]);
    assert.deepEqual((await pool.query("SELECT username, status FROM user_vps WHERE user_id = 'old_1'")).rows, [{ username: "olga", status: "active" }]);
  });

  it("let a row of an older backend that never came to a VPS be taken over", async () => {
    const { pool } = await withDatabase({ migrated: false });
    await pool.query("CREATE TABLE user_vps (id uuid PRIMARY KEY, user_id uuid UNIQUE, status text, hostname text, created_at timestamptz)");
    await pool.query("INSERT INTO user_vps VALUES (gen_random_uuid(), $1, 'pending', NULL, now())", [REQUEST.userId]);
    await migrate(pool);
    const both = await Promise.all([requestVps(pool, REQUEST), requestVps(pool, REQUEST)]);
    assert.deepEqual(both.map(({ created }) => created).sort(), [false, true]);
    assert.equal((await pool.query("SELECT FROM user_vps")).rowCount, 1);
  });

  it("let nobody buy again for whom an older backend has a VPS or has ordered one, whatever its status says", async () => {
    const { pool } = await withDatabase({ migrated: false });
    await pool.query("CREATE TABLE user_vps (user_id text, status text, hostinger_vm_id bigint, hostinger_order_id text, subscription_id text)");
    const rows = ["'pending', NULL, '123456', NULL", "'failed', NULL, '123456', NULL", "NULL, NULL, '123456', NULL", "'requested', NULL, NULL, 'AzzSub'", "'pending', 789012, NULL, NULL"];
    for (const [index, values] of rows.entries()) await pool.query(`INSERT INTO user_vps SELECT 'old_${index}', ${values}`);
    await migrate(pool);
    for (const index of rows.keys()) {
      const request = { ...REQUEST, userId: `old_${index}` };
      const before = await findEarlierRows(pool, request.userId);
      await assert.rejects(requestVps(pool, request, before), { code: "VPS_EXISTS" }, rows[index]);
      // It may come to that at the very moment in which its user signs up.
      const unplaced = { ...before, foreign: before.foreign.map((row) => ({ ...row, hasVps: false })) };
      await assert.rejects(requestVps(pool, request, unplaced), { code: "VPS_EXISTS" }, rows[index]);
    }
    assert.deepEqual((await pool.query("SELECT DISTINCT is_managed FROM user_vps")).rows, [{ is_managed: false }]);
  });

  it("let those sign up again whose VPS an older backend has given up, as new ones, whatever is left in the row", async () => {
    const { pool } = await withDatabase({ migrated: false });
    await pool.query("CREATE TABLE user_vps (user_id text, status text, hostname text, hostinger_vm_id bigint, hostinger_order_id text, subscription_id text)");
    const given = ["deprovisioned", "deleted"];
    for (const [index, status] of given.entries()) await pool.query("INSERT INTO user_vps VALUES ($1, $2, 'old.spoq.dev', $3, 'order', 'subscription')", [`old_${index}`, status, 789_012 + index]);
    await migrate(pool);
    for (const index of given.keys()) {
      const { created, record } = await requestVps(pool, { ...REQUEST, userId: `old_${index}`, username: `again${index}`, hostname: `again${index}.spoq.dev` });
      assert.deepEqual([created, record.hostingerVmId, record.hostingerOrderId, record.subscriptionId], [true, null, null, null]);
    }
    assert.deepEqual((await pool.query("SELECT DISTINCT is_managed, status FROM user_vps")).rows, [{ is_managed: true, status: "queued" }]);
  });

  it("keep the host name of an older backend's row for its user, in whatever letters, until the VPS is given up", async () => {
    const { pool } = await withDatabase({ migrated: false });
    await pool.query("CREATE TABLE user_vps (user_id text, status text, hostname text, hostinger_vm_id bigint)");
    await pool.query("INSERT INTO user_vps VALUES ('old_1', 'active', 'Alice.spoq.dev', 1), ('old_2', NULL, 'bob.spoq.dev', 2), ('old_3', 'pending', 'carol.spoq.dev', NULL), ('old_4', 'deprovisioned', 'dave.spoq.dev', 4), ('old_5', 'deleted', 'erin.spoq.dev', 5)");
    await migrate(pool);
    const signUp = (userId: string, username: string) => inTransaction(pool, (client) => requestVps(client, { ...REQUEST, userId, username, hostname: `${username}.spoq.dev` }));
    for (const name of ["alice", "bob", "carol"]) {
      await assert.rejects(signUp("new", name), { code: "USERNAME_TAKEN" });
      assert.equal(await isHostnameTaken(pool, "new", `${name}.spoq.dev`), true);
    }
    assert.equal((await signUp("old_3", "carol")).created, true);
    for (const name of ["dave", "erin"]) assert.equal((await signUp(`new ${name}`, name)).created, true);
  });

  it("refuse a status column that cannot hold the statuses, and say so", async () => {
    const { pool } = await withDatabase({ migrated: false });
    await pool.query("CREATE TYPE vps_state AS ENUM ('on', 'off'); CREATE TABLE user_vps (user_id text, status vps_state)");
    await assert.rejects(migrate(pool), /002_existing_user_vps\.sql failed: The existing column user_vps\.status/);
    assert.equal((await missingMigrations(pool)).length, ALL.length - 1);
  });

  const unusable = [
    ["status varchar(10)", "CREATE TABLE user_vps (user_id text, status varchar(10))", /the column status is character varying\(10\), expected room for 14 characters/],
    ["a CHECK on status", "CREATE TABLE user_vps (user_id text, status text CONSTRAINT known_states CHECK (status IN ('pending', 'ready')))", /the constraint known_states .*does not allow the status queued, provisioning/],
    ["a CHECK on status that knows no suspended users", "CREATE TABLE user_vps (user_id text, status text CONSTRAINT known_states CHECK (status IN ('queued', 'provisioning', 'ready', 'failed', 'deprovisioning', 'deprovisioned')))", /the constraint known_states .*does not allow the status suspended\./],
    ["a text column version", "CREATE TABLE user_vps (user_id text, version text)", /the column version is text, expected integer/],
    ["a NOT NULL column without default", "CREATE TABLE user_vps (user_id text, region text NOT NULL)", /the column region \(text\) is NOT NULL without a default/],
    ["id text without default", "CREATE TABLE user_vps (id text PRIMARY KEY, user_id text)", /the column id \(text\) is NOT NULL without a default.*gen_random_uuid\(\)::text/],
    ["a foreign key", "CREATE TABLE plans (id text PRIMARY KEY); CREATE TABLE user_vps (user_id text, plan_id text CONSTRAINT of_plan REFERENCES plans)", /the foreign key of_plan/],
    ["a column that is to be empty at times", "CREATE TABLE user_vps (user_id text, address text NOT NULL DEFAULT '')", /the column address is NOT NULL/],
    ["two rows of one user with a name", "CREATE TABLE user_vps (user_id text, username text); INSERT INTO user_vps VALUES ('1', 'a'), ('1', 'b')", /2 rows with a username have the user_id '1'/],
  ] as const;
  for (const [what, table, expected] of unusable) {
    it(`refuse an older table with ${what}, by name and with what to do, before anything is changed`, async () => {
      const { pool } = await withDatabase({ migrated: false });
      await pool.query(table);
      await assert.rejects(migrate(pool), expected);
      assert.deepEqual(await missingMigrations(pool), ALL);
    });
  }

  it("name everything that stands in the way at once", async () => {
    const { pool } = await withDatabase({ migrated: false });
    await pool.query("CREATE TABLE user_vps (id text PRIMARY KEY, user_id text, status varchar(10), version text)");
    await assert.rejects(migrate(pool), ({ message }: Error) => ["column id", "column status", "column version"].every((part) => message.includes(part)) && message.includes("ALTER TABLE user_vps"));
  });

  it("apply after the specification's 006 was applied by hand", async () => {
    const { pool } = await withDatabase({ migrated: false });
    await pool.query("CREATE TABLE user_vps (id uuid PRIMARY KEY, user_id uuid, status text)");
    await pool.query(SPECIFIED);
    await migrate(pool);
    assert.equal((await requestVps(pool, REQUEST)).created, true);
  });

  it("leave the specification's 006 applicable afterwards", async () => {
    const { pool } = await withDatabase();
    await pool.query(SPECIFIED);
    assert.equal((await requestVps(pool, REQUEST)).created, true);
  });

  it("are applied by another process when the one that had begun is frozen", async () => {
    const { pool } = await withDatabase({ migrated: false });
    const holder = await pool.connect();
    const query = holder.query.bind(holder) as (...asked: unknown[]) => unknown;
    /** It need not count as silent for as long as that takes otherwise. */
    const sooner = (asked: { readonly text: string } | string) => (typeof asked === "string" ? asked : { ...asked, text: asked.text.replace(/idle_session_timeout = \d+/, "idle_session_timeout = 300") });
    let isFrozen = false;
    const frozen = Object.assign(Object.create(holder) as PoolClient, {
      query: (asked: { readonly text: string } | string, ...more: unknown[]) => {
        isFrozen ||= JSON.stringify(asked).includes("CREATE TABLE IF NOT EXISTS user_vps_migrations");
        return isFrozen ? new Promise(() => undefined) : query(sooner(asked), ...more);
      },
    });
    void migrate({ connect: async () => frozen } as unknown as Pool);
    while (!isFrozen) await new Promise((resume) => setTimeout(resume, 5));
    assert.deepEqual(await migrate(pool), ALL);
    const { rows: [usual] } = await pool.query<{ limit: string }>("SELECT current_setting('idle_session_timeout') AS limit");
    assert.equal(usual!.limit, "0", "as it was");
    holder.release(true);
  });

  it("apply once when 4 processes start at once", async () => {
    const { pool, url } = await withDatabase({ migrated: false });
    const script = new URL("../support/migrate-child.ts", import.meta.url);
    const children = Array.from({ length: 4 }, () => fork(script, { env: { ...process.env, DATABASE_URL: url } }));
    const counts = await Promise.all(children.map(async (child) => {
      const [message] = (await once(child, "message")) as [{ applied: number }];
      const [code] = (await once(child, "exit")) as [number];
      assert.equal(code, 0);
      return message.applied;
    }));
    assert.deepEqual(counts.sort(), [0, 0, 0, ALL.length]);
    assert.deepEqual(await missingMigrations(pool), []);
  });
});
