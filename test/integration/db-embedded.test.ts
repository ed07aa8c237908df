import assert from "node:assert/strict";
import { fork, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, it, vi } from "vitest";
import { Client } from "pg";
import { startEmbedded } from "../../src/db/embedded.ts";
import { serverUser } from "../../src/db/embedded-user.ts";
import { openDatabase } from "../../src/db/open-database.ts";
import { findVpsByUserId, requestVps } from "../../src/records/index.ts";
import { atEnd } from "../support/at-end.ts";
import { until } from "../support/until.ts";

const parent = await mkdtemp(join(tmpdir(), "user-vps-embedded-"));
await chmod(parent, 0o755);
const dataFolder = join(parent, "postgresql");
afterAll(async () => {
  await (await startEmbedded({ folder: dataFolder })).stop();
  await rm(parent, { recursive: true, force: true });
});

const REQUEST = { userId: "user_alice", username: "alice", hostname: "alice.spoq.dev", plan: "kvm1", templateId: 1007, dataCenterId: 9, sshPublicKey: null };
const runs = async () => {
  const pid = Number((await readFile(join(dataFolder, "data", "postmaster.pid"), "utf8").catch(() => "0")).split("\n")[0]);
  return pid > 0 ? pid : undefined;
};
const openInChild = async (): Promise<[ChildProcess, string]> => {
  const child = fork(new URL("../support/open-database-child.ts", import.meta.url), [dataFolder]);
  atEnd(() => child.kill("SIGKILL"));
  const [message] = (await once(child, "message")) as [{ url: string }];
  return [child, message.url];
};

/** A folder that is not there, also at a second try. */
const fresh = async (name: string) => {
  await rm(join(parent, name), { recursive: true, force: true });
  return join(parent, name);
};
/** Closed at the test's end at the latest. */
const open = async (folder = dataFolder) => {
  const database = await openDatabase({ dataFolder: folder });
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= database.close());
  atEnd(close);
  return { ...database, close };
};

describe("the embedded PostgreSQL", () => {
  it("keeps its data and its port, and is stopped by the last to go", async () => {
    const first = await open();
    await requestVps(first.pool, REQUEST);
    const other = await open();
    assert.equal(other.url, first.url);
    await first.close();
    assert.ok(await runs(), "the other still uses it");
    assert.ok(await findVpsByUserId(other.pool, "user_alice"));
    await other.close();
    assert.equal(await runs(), undefined);
    const again = await open();
    assert.equal(again.url, first.url);
    assert.ok(await findVpsByUserId(again.pool, "user_alice"));
  });

  it("listens on loopback only, and lets nobody in without the password, which only its user can read", async () => {
    const { pool, url } = await open();
    const { rows } = await pool.query("SELECT name, setting FROM pg_settings WHERE name IN ('listen_addresses', 'unix_socket_directories') ORDER BY name");
    assert.deepEqual(rows.map(({ setting }) => setting), ["127.0.0.1", ""]);
    const wrong = new URL(url);
    wrong.password = "fake-password-for-tests";
    const client = new Client({ connectionString: wrong.href });
    await assert.rejects(client.connect(), /password authentication failed/);
    assert.equal((await stat(join(dataFolder, "data", "password"))).mode & 0o777, 0o600);
  });

  it("is reached whatever the shell has for the clients of other servers", async () => {
    const folder = join(parent, "beside-others");
    vi.stubEnv("PGSSLMODE", "require");
    vi.stubEnv("PGDATESTYLE", "German");
    vi.stubEnv("PGSSLNEGOTIATION", "direct");
    vi.stubEnv("PGOPTIONS", "-c default_transaction_read_only=on");
    try {
      const { pool } = await open(folder);
      await pool.query("CREATE TABLE can_be_made ()");
      const { rows } = await pool.query<{ DateStyle: string }>("SHOW datestyle");
      assert.match(rows[0]!.DateStyle, /^ISO/);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it("is reached where its password lies beside its data, as before it became a part of them", async () => {
    const folder = await fresh("from-before");
    await (await startEmbedded({ folder })).stop();
    await rename(join(folder, "data", "password"), join(folder, "password"));
    const { pool, close } = await open(folder);
    await pool.query("SELECT 1");
    await close();
  });

  it("made by two at once, as after one stood still and lost its lock, is the one that was made first", async () => {
    const folder = await fresh("made-twice");
    const child = fork(new URL("../support/open-database-child.ts", import.meta.url), [folder]);
    atEnd(() => child.kill("SIGKILL"));
    const opened = once(child, "message") as Promise<[{ url: string }]>;
    const lock = join(folder, "lock");
    await until("a folder that it fills", async () => (await readdir(folder).catch(() => [])).some((name) => name.startsWith("data.unfinished")));
    child.kill("SIGSTOP");
    await utimes(lock, new Date(0), new Date(0));
    const server = await startEmbedded({ folder });
    atEnd(() => server.stop());
    const next = "of whoever holds it now";
    await writeFile(lock, JSON.stringify({ pid: process.pid, host: hostname(), id: next }));
    child.kill("SIGCONT");
    const [{ url }] = await Promise.race([opened, once(child, "exit").then(() => assert.fail("it has failed"))]);
    assert.equal(url, server.url);
    assert.match(await readFile(lock, "utf8"), new RegExp(next));
    await rm(lock);
    assert.deepEqual((await readdir(folder)).filter((name) => name.startsWith("data.")), []);
    child.send("close");
    await once(child, "exit");
  });

  it("does not go on running where it does not let in who started it", async () => {
    const folder = await fresh("closed-to-all");
    await (await startEmbedded({ folder })).stop();
    await writeFile(join(folder, "data", "password"), "fake-password-for-tests");
    await assert.rejects(startEmbedded({ folder }), /does not let this process in: password authentication failed/);
    await assert.rejects(readFile(join(folder, "data", "postmaster.pid")), { code: "ENOENT" });
  });

  it("with programs of its own, loads nothing of the checkout that has started it", async () => {
    const folder = await fresh("with-programs");
    const server = await startEmbedded({ folder, copiesPrograms: true });
    atEnd(() => server.stop());
    const client = new Client({ connectionString: server.url });
    await client.connect();
    const { rows: [found] } = await client.query("SELECT setting FROM pg_config WHERE name = 'PKGLIBDIR'");
    await client.end();
    assert.ok(found.setting.startsWith(folder), found.setting);
  });

  it("is found running after kill -9 of the process that started it", async () => {
    const [child, url] = await openInChild();
    const pid = await runs();
    child.kill("SIGKILL");
    await once(child, "exit");
    const next = await open();
    assert.equal(next.url, url);
    assert.equal(await runs(), pid);
    await next.close();
    assert.equal(await runs(), undefined);
  });

  it("started by 3 processes at once, is one", async () => {
    const children = await Promise.all([openInChild(), openInChild(), openInChild()]);
    assert.equal(new Set(children.map(([, url]) => url)).size, 1);
    await Promise.all(children.map(async ([child]) => {
      child.send("close");
      await once(child, "exit");
    }));
    assert.equal(await runs(), undefined);
  });

  it("starts after kill -9 of the server itself", async () => {
    const { url, pool, close } = await open();
    process.kill((await runs())!, "SIGKILL");
    await assert.rejects(pool.query("SELECT pg_sleep(5)"));
    const again = await open();
    assert.ok(await findVpsByUserId(again.pool, "user_alice"));
    assert.equal(again.url, url);
    await close();
  });

  for (const [how, signal] of [["killed", "SIGKILL"], ["told to end at once", "SIGINT"]] as const) {
    it(`is started again by whoever needs it when it was ${how}, and stays away once nobody does`, async () => {
      const { url, pool, close } = await open();
      const before = (await runs())!;
      process.kill(before, signal);
      await until("another one at the same address", async () => ![before, undefined].includes(await runs()) && (await pool.query("SELECT 1").then(() => true, () => false)));
      const other = await open();
      assert.equal(other.url, url);
      await other.close();
      assert.ok(await runs(), "who has started it again is there");
      await close();
      assert.equal(await runs(), undefined);
    });
  }

  it("starts when the id that a killed server left behind is that of another living process", async () => {
    const { url, close } = await open();
    const file = join(dataFolder, "data", "postmaster.pid");
    const left = await readFile(file, "utf8");
    await close();
    const stranger = spawn("sleep", ["600"], { ...(await serverUser()) });
    try {
      await writeFile(file, left.replace(/^\d+/, String(stranger.pid)));
      const again = await open();
      assert.equal(again.url, url);
      assert.equal(stranger.exitCode ?? stranger.signalCode, null);
      await again.close();
    } finally {
      stranger.kill();
      await once(stranger, "exit");
    }
  });

  it("makes all missing parents of its folder passable, whatever the umask, and keeps the folder to itself", async () => {
    const before = process.umask(0o077);
    try {
      const server = await startEmbedded({ folder: join(parent, "deep", "er", "postgresql") });
      await server.stop();
    } finally {
      process.umask(before);
    }
    const modes = await Promise.all(["deep", "deep/er", "deep/er/postgresql"].map(async (name) => (await stat(join(parent, name))).mode & 0o777));
    assert.deepEqual(modes, [0o755, 0o755, 0o700]);
  });

  it.runIf(process.getuid?.() === 0)("names the folder that its user may not enter, and what to do", async () => {
    const closed = await fresh("closed");
    await mkdir(closed, { mode: 0o700 });
    await assert.rejects(startEmbedded({ folder: join(closed, "in", "postgresql") }), (error: Error & { code: string; next: string }) =>
      error.code === "DATABASE_FAILED" && error.message.includes(`may not enter ${closed},`) && error.next.includes(`chmod o+x ${closed}`));
  });

  it("says what is wrong when its data cannot be used", async () => {
    const folder = await fresh("broken");
    const server = await startEmbedded({ folder });
    await server.stop();
    await rm(join(folder, "data", "global"), { recursive: true });
    await assert.rejects(startEmbedded({ folder }), (error: Error & { code: string }) => error.code === "DATABASE_FAILED" && /the end of its log:\n.*could not open file/s.test(error.message));
  });
});

describe("a database that is not there", () => {
  it("fails with DATABASE_FAILED, without the password", async () => {
    const opening = openDatabase({ databaseUrl: "postgres://user:fake-password-for-tests@127.0.0.1:1/none" });
    await assert.rejects(opening, (error: Error & { code: string }) => error.code === "DATABASE_FAILED" && !error.message.includes("fake-password"));
  });
});
