import assert from "node:assert/strict";
import { afterAll, beforeEach, describe, it } from "vitest";
import type { UserVpsError } from "../../providers/core/errors.ts";
import { StateBackend } from "../../src/provisioning/state-backend.ts";
import { withDatabase } from "../support/postgres.ts";

const { pool, url } = await withDatabase();
const backend = new StateBackend(url, "user-vps");
const root = `${new URL(url).pathname.slice(1)}/.pulumi`;
const FIRST_UPDATE = 1_764_000_000_000_000_000n;

/** As pulumi/pkg/backend/diy/state.go names them: nanoseconds since 1970. */
async function putUpdates(stack: string, count: number): Promise<void> {
  for (let update = 0; update < count; update += 1) {
    const at = FIRST_UPDATE + BigInt(update);
    const paths = [`history/user-vps/${stack}/${stack}-${at}.history.json`, `history/user-vps/${stack}/${stack}-${at}.checkpoint.json`, `backups/user-vps/${stack}/${stack}.${at}.json`];
    for (const path of paths) await pool.query("INSERT INTO pulumi_state (key, data) VALUES ($1, '{}')", [`${root}/${path}`]);
  }
}

async function keysOf(stack: string): Promise<string[]> {
  const { rows } = await pool.query<{ key: string }>("SELECT key FROM pulumi_state WHERE key LIKE $1 ORDER BY key", [`%/${stack}/%`]);
  return rows.map(({ key }) => key.slice(root.length + 1));
}

/** How a table was read, by PostgreSQL's own count. */
async function scansOf(table: string): Promise<{ whole: number; hasUsedIndex: boolean }> {
  for (let turn = 0; ; turn += 1) {
    await pool.query("SELECT pg_stat_clear_snapshot()");
    const { rows } = await pool.query<{ whole: string; byIndex: string }>(`SELECT seq_scan AS whole, idx_scan AS "byIndex" FROM pg_stat_user_tables WHERE relname = $1`, [table]);
    const { whole, byIndex } = rows[0]!;
    if (Number(byIndex) > 0 || turn === 500) return { whole: Number(whole), hasUsedIndex: Number(byIndex) > 0 };
    await new Promise((resume) => setTimeout(resume, 20));
  }
}

describe("StateBackend.prepare", () => {
  const isCompressed = async () => (await pool.query<{ is: boolean }>("SELECT attstorage = 'x' AS is FROM pg_attribute WHERE attrelid = 'pulumi_state'::regclass AND attname = 'data'")).rows[0]!.is;

  it("has states kept as they are, also in a table that the engine has made; a backup of it that goes on does not hold it up", async () => {
    await pool.query("DROP TABLE IF EXISTS pulumi_state");
    await pool.query("CREATE TABLE pulumi_state (key TEXT PRIMARY KEY, data JSON NOT NULL, updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now())");
    await backend.prepare();
    assert.equal(await isCompressed(), false);
    await pool.query("ALTER TABLE pulumi_state ALTER COLUMN data SET STORAGE EXTENDED");
    const backup = await pool.connect();
    try {
      await backup.query("BEGIN; LOCK TABLE pulumi_state IN ACCESS SHARE MODE");
      await backend.prepare();
      assert.equal(await isCompressed(), true);
    } finally {
      await backup.query("ROLLBACK");
      backup.release();
    }
    await backend.prepare();
    assert.equal(await isCompressed(), false);
  });
});

describe("StateBackend.createStack", () => {
  it("makes an empty stack in an empty database, and keeps one that is there", async () => {
    await pool.query("DROP TABLE IF EXISTS pulumi_state");
    assert.equal(await backend.readStack("carol"), undefined);
    await backend.open();
    assert.equal(await backend.createStack("carol"), true);
    assert.deepEqual(await backend.readStack("carol"), { secretsSettings: {}, resources: [], pendingOperations: [] });
    assert.equal(await backend.createStack("carol"), false);
  });

  it("makes none where the states have the layout from before projects: that is the engine's to judge", async () => {
    await pool.query("DELETE FROM pulumi_state");
    await pool.query("INSERT INTO pulumi_state (key, data) VALUES ($1, '{}')", [`${root}/stacks/carol.json`]);
    await backend.open();
    assert.equal(await backend.createStack("carol"), false);
  });
});

describe("StateBackend.open", () => {
  it("writes nothing under a new name of the database, so that what it advises can be done", async () => {
    await pool.query("DELETE FROM pulumi_state");
    for (const key of ["meta.yaml", "stacks/user-vps/alice.json"]) await pool.query("INSERT INTO pulumi_state (key, data) VALUES ($1, $2)", [`fleet_before/.pulumi/${key}`, { data: Buffer.from("{}").toString("base64") }]);
    const refused = await backend.open().then(() => assert.fail("it takes the name"), (error: unknown) => error as UserVpsError);
    assert.equal(refused.code, "CONFIG_INVALID");
    await pool.query(/UPDATE pulumi_state .*?'fleet_before\/\.pulumi\/%'/.exec(refused.next ?? "")![0]);
    await backend.open();
    assert.deepEqual(await backend.listStacks(), new Set(["alice"]));
    assert.equal(await backend.createStack("carol"), true);
    await pool.query("DELETE FROM pulumi_state");
  });
});

describe("StateBackend, of the copies that the engine keeps,", () => {
  afterAll(() => backend.close());
  beforeEach(async () => {
    await backend.prepare();
    await pool.query("DELETE FROM pulumi_state");
  });

  it("keeps those of the last updates, and leaves other stacks and the state itself alone", async () => {
    await putUpdates("alice", 4);
    await putUpdates("alice-2", 3);
    await pool.query("INSERT INTO pulumi_state (key, data) VALUES ($1, '{}')", [`${root}/stacks/user-vps/alice.json`]);
    await backend.pruneHistory("alice", 2);
    const [third, fourth] = [FIRST_UPDATE + 2n, FIRST_UPDATE + 3n];
    assert.deepEqual(await keysOf("alice"), [
      `backups/user-vps/alice/alice.${third}.json`,
      `backups/user-vps/alice/alice.${fourth}.json`,
      `history/user-vps/alice/alice-${third}.checkpoint.json`,
      `history/user-vps/alice/alice-${third}.history.json`,
      `history/user-vps/alice/alice-${fourth}.checkpoint.json`,
      `history/user-vps/alice/alice-${fourth}.history.json`,
    ]);
    assert.equal((await keysOf("alice-2")).length, 9);
    assert.equal((await pool.query("SELECT FROM pulumi_state WHERE key LIKE '%stacks/user-vps/alice.json'")).rowCount, 1);
  });

  it("finds them by the index, however many other stacks there are", async () => {
    // A table of its own: what other tests have read is counted late.
    const other = new URL(url);
    other.searchParams.set("table", "many_states");
    await pool.query("DROP TABLE IF EXISTS many_states");
    const many = new StateBackend(other.href, "user-vps");
    await many.prepare();
    await pool.query("INSERT INTO many_states (key, data) SELECT $1 || '/history/user-vps/many' || n || '/many' || n || '-1764000000000000000.history.json', '{}' FROM generate_series(1, 20000) AS n", [root]);
    await pool.query("ANALYZE many_states");
    await many.pruneHistory("many7", 2);
    await many.readLocks("many7");
    await many.readStack("many7");
    await many.createStack("many7");
    await many.removeCopies("many7");
    // A session hands over what it has counted when it ends.
    await many.close();
    const { whole, hasUsedIndex } = await scansOf("many_states");
    assert.ok(hasUsedIndex);
    // The making of the table's two indexes counts as well.
    assert.ok(whole <= 2, `the table was read as a whole ${whole} times`);
    assert.equal((await pool.query("SELECT FROM many_states WHERE key LIKE '%/history/%'")).rowCount, 19_999);
  });

  it("keeps no copy of a stack that is no more", async () => {
    await putUpdates("alice", 2);
    await putUpdates("alice-2", 3);
    await pool.query("INSERT INTO pulumi_state (key, data) VALUES ($1, '{}')", [`${root}/stacks/user-vps/alice-2.json.bak`]);
    await backend.removeCopies("alice-2");
    const { rows } = await pool.query("SELECT key FROM pulumi_state WHERE key LIKE '%alice-2%'");
    assert.deepEqual(rows, []);
    assert.equal((await keysOf("alice")).length, 6);
  });
});
