/**
 * A service of version 0.1.0 that is stopped, and whose database, stack and account (the sandbox's file)
 * this version goes on with. test/fixtures/service-0.1.0.json was written by that version's own service
 * after one signup; of the database it has the tables' rows, of Pulumi's table the stack as it is stored.
 */
import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { findVpsByUserId, setVpsStatus, takeCredentials, createCredentialsCipher } from "../../src/records/index.ts";
import { inTransaction } from "../../src/db/index.ts";
import { withDatabase } from "../support/postgres.ts";
import { startServiceWorld } from "../support/service-world.ts";
import type { ServiceWorld } from "../support/service-world.ts";

interface Stored {
  readonly tables: Readonly<Record<string, readonly object[]>>;
  readonly sandbox: { readonly ports: { readonly ssh: number } };
}

const STORED = JSON.parse(await readFile(new URL("../fixtures/service-0.1.0.json", import.meta.url), "utf8")) as Stored;
const MIGRATIONS = new URL("../../src/db/migrations/", import.meta.url);
const KEY = Buffer.from("fake-credentials-key-for-tests-!");

const { pool, url } = await withDatabase({ migrated: false });

/** Its tables by its own migrations, then the rows. */
async function restore(): Promise<void> {
  const names = new Set((STORED.tables["user_vps_migrations"] as readonly { name: string }[]).map(({ name }) => name));
  await pool.query("CREATE TABLE user_vps_migrations (name TEXT PRIMARY KEY, applied_at TIMESTAMPTZ NOT NULL DEFAULT now())");
  for (const name of (await readdir(MIGRATIONS)).filter((one) => names.has(one)).sort()) await pool.query(await readFile(new URL(name, MIGRATIONS), "utf8"));
  // As Pulumi makes it.
  await pool.query("CREATE TABLE pulumi_state (key TEXT PRIMARY KEY, data JSON NOT NULL, updated_at TIMESTAMPTZ DEFAULT now() NOT NULL); CREATE INDEX pulumi_state_key_prefix_idx ON pulumi_state (key text_pattern_ops)");
  for (const [table, rows] of Object.entries(STORED.tables)) await pool.query(`INSERT INTO ${table} OVERRIDING SYSTEM VALUE SELECT * FROM json_populate_recordset(NULL::${table}, $1)`, [JSON.stringify(rows)]);
  // Pulumi's keys begin with the database's name.
  await pool.query("UPDATE pulumi_state SET key = current_database() || substr(key, strpos(key, '/'))");
}

describe("a stack of version 0.1.0", () => {
  let folder: string;
  let world: ServiceWorld;
  beforeAll(async () => {
    await restore();
    folder = await mkdtemp(join(tmpdir(), "user-vps-from-0.1.0-"));
    const persistFile = join(folder, "sandbox.json");
    await writeFile(persistFile, JSON.stringify(STORED.sandbox));
    // The port of SSH is in the script that the VM was installed with.
    world = await startServiceWorld(url, { persistFile, sshPort: STORED.sandbox.ports.ssh });
    await world.startWorker({ CREDENTIALS_KEYS: `k1:${KEY.toString("base64")}` });
  });
  afterAll(async () => {
    await world?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const vm = () => world.sandbox.state().vms.map(({ id, state, hostname, address, autoRenewed, credentials, actions }) => ({ id, state, hostname, address, autoRenewed, credentials, wipes: actions.filter(({ name }) => /recreate/.test(name)).length }));
  const money = () => ({ purchases: world.sandbox.state().purchases.length, records: world.sandbox.state().records.map(({ name, content }) => [name, content]) });

  async function up(): Promise<Readonly<Record<string, number>>> {
    const before = (await world.runs("user_alice")).length;
    await inTransaction(pool, async (db) => {
      await setVpsStatus(db, "user_alice", { status: "queued", phase: "queued" });
      await world.jobs.enqueue(db, { operation: "up", userId: "user_alice" });
    });
    await world.until("user_alice", "ready", ({ status }) => status === "ready");
    const [run, ...earlier] = await world.runs("user_alice");
    assert.deepEqual([run!.outcome, earlier.length >= before], ["succeeded", true], String(run!.message));
    return run!.resourceChanges!;
  }

  it("is brought up to date with no purchase, and nothing of VM, record or credentials is touched", async () => {
    const [before, paid] = [vm(), money()];
    assert.deepEqual([before.length, before[0]!.state, paid.purchases], [1, "running", 1]);
    const changes = await up();
    assert.deepEqual(Object.keys(changes).filter((kind) => !["same", "create", "update"].includes(kind)), [], JSON.stringify(changes));
    assert.deepEqual([vm(), money()], [before, paid]);
    const record = (await findVpsByUserId(pool, "user_alice"))!;
    assert.deepEqual([record.status, record.hostingerVmId, record.address], ["ready", before[0]!.id, before[0]!.address]);
    const shown = (await takeCredentials(pool, createCredentialsCipher([{ id: "k1", key: KEY }]), "user_alice"))!;
    assert.equal(await sha256(shown.password), before[0]!.credentials!.passwordSha256, "the credentials that were waiting to be shown are the VM's");
  });

  it("has nothing to do after that", async () => {
    const before = vm();
    assert.deepEqual(Object.keys(await up()), ["same"]);
    assert.deepEqual(vm(), before);
  });
});

async function sha256(text: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from(text))).toString("hex");
}
