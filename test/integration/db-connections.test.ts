import assert from "node:assert/strict";
import { fork, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { describe, it } from "vitest";
import { createPool, inTransaction, isDatabaseOutage } from "../../src/db/index.ts";
import type { Queryable } from "../../src/db/index.ts";
import { withClient } from "../../src/db/transaction.ts";
import { isBusy, untilLetIn } from "../../src/db/until-let-in.ts";
import { ChangeFeed } from "../../src/http/change-feed.ts";
import { SILENT_SECONDS, tryLockSession } from "../../src/jobs/session-lock.ts";
import { sleep } from "../../providers/core/time.ts";
import { atEnd } from "../support/at-end.ts";
import { withDatabase } from "../support/postgres.ts";

const { pool, url } = await withDatabase();

function start(script: string, ...args: string[]): ChildProcess {
  const child = fork(join(import.meta.dirname, "..", "support", script), args);
  atEnd(() => child.kill("SIGKILL"));
  return child;
}

async function message(child: ChildProcess): Promise<unknown> {
  return ((await once(child, "message")) as [unknown])[0];
}

describe("a transaction whose connection is ended by the server", () => {
  for (const how of ["waiting", "query"]) {
    it(`fails as an outage, and its process goes on (${how})`, async () => {
      const child = start("transaction-child.ts", url, how);
      const exit = once(child, "exit");
      assert.equal(await message(child), "in transaction");
      await pool.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim'");
      if (how === "waiting") {
        await sleep(200);
        child.send("go on");
      }
      const { went, again } = (await message(child)) as { went: string; again: unknown };
      assert.match(went, /^(terminating connection due to administrator command|Connection terminated|Client has encountered a connection error)/);
      assert.equal(again, 1, "the pool has replaced it");
      assert.deepEqual(await exit, [0, null]);
    });
  }

  it("does not come back to the pool, nor does one that was left in the midst of a transaction", async () => {
    const small = createPool({ url, name: "small", max: 1 });
    atEnd(() => small.end());
    await assert.rejects(inTransaction(small, async (db) => { await db.query("SELECT pg_terminate_backend(pg_backend_pid())"); }), isDatabaseOutage);
    assert.equal((await small.query("SELECT 1")).rowCount, 1);
    await assert.rejects(inTransaction(small, (db) => db.query("SELECT 1 / 0")), /division by zero/);
    assert.equal(await inTransaction(small, async (db) => (await db.query<{ open: boolean }>("SELECT now() = statement_timestamp() AS open")).rows.length), 1);
  });
});

describe("the first connection", () => {
  /** Answers each start of a session as the next of these says; nothing more happens on it. */
  async function serverThat(...answers: ("starting" | "refuses")[]) {
    const fields = (severity: string, code: string, message: string) => Buffer.from(`S${severity}\0V${severity}\0C${code}\0M${message}\0\0`);
    const error = (text: Buffer) => { const head = Buffer.alloc(5, "E"); head.writeInt32BE(text.length + 4, 1); return Buffer.concat([head, text]); };
    let asked = 0;
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => {
        const answer = answers[Math.min(asked, answers.length - 1)]!;
        asked += 1;
        socket.end(error(answer === "starting" ? fields("FATAL", "57P03", "the database system is starting up") : fields("FATAL", "28P01", "password authentication failed")));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    atEnd(() => server.close());
    const slow = createPool({ url: `postgres://user:fake-password-for-tests@127.0.0.1:${(server.address() as AddressInfo).port}/none?sslmode=disable`, name: "first", max: 1 });
    atEnd(() => slow.end());
    const letIn = (limitMs: number, onWait: (why: string) => void, signal?: AbortSignal) => untilLetIn(() => slow.query("SELECT 1"), { limitMs, pauseMs: 50, mayPass: isBusy, onWait, signal });
    return { letIn, asked: () => asked };
  }

  it("is waited for while the server is starting, and told of; where it refuses who asks, that is said at once", async () => {
    const { letIn, asked } = await serverThat("starting", "refuses");
    const said: string[] = [];
    await assert.rejects(letIn(60_000, (why) => said.push(why)), /password authentication failed/);
    assert.deepEqual([said, asked()], [["the database system is starting up"], 2]);
  });

  it("is not waited for without an end", async () => {
    const { letIn, asked } = await serverThat("starting");
    await assert.rejects(letIn(200, () => undefined), /starting up/);
    assert.ok(asked() > 1);
  });

  it("is waited for no longer when the service is ended", async () => {
    const { letIn } = await serverThat("starting");
    const ending = new AbortController();
    await assert.rejects(letIn(60_000, () => ending.abort(new Error("ended")), ending.signal), /ended/);
  });
});

describe("a transaction that PostgreSQL gives up", () => {
  it("is done again, so that of two that wait for each other both come through", async () => {
    await pool.query("DROP TABLE IF EXISTS counted");
    await pool.query("DROP TABLE IF EXISTS counted; CREATE TABLE counted (name TEXT PRIMARY KEY, count INT NOT NULL)");
    await pool.query("INSERT INTO counted VALUES ('a', 0), ('b', 0)");
    const count = (name: string) => "UPDATE counted SET count = count + 1 WHERE name = '" + name + "'";
    let tries = 0;
    let holding = 0;
    const bothHoldOne = Promise.withResolvers<void>();
    const both = (first: string, second: string) => inTransaction(pool, async (db) => {
      tries += 1;
      await db.query(count(first));
      if ((holding += 1) === 2) bothHoldOne.resolve();
      await bothHoldOne.promise;
      await db.query(count(second));
    });
    await Promise.all([both("a", "b"), both("b", "a")]);
    assert.deepEqual((await pool.query<{ count: number }>("SELECT count FROM counted")).rows.map((row) => row.count), [2, 2]);
    assert.ok(tries >= 3, "one of them was given up");
  });

  it("fails if it is given up again and again, and one that fails otherwise is not done again", async () => {
    for (const [state, expected] of [["40001", 5], ["40P01", 5], ["23505", 1]] as const) {
      let tries = 0;
      const work = inTransaction(pool, async (db) => {
        tries += 1;
        await db.query(`DO $$ BEGIN RAISE EXCEPTION 'as the test says' USING ERRCODE = '${state}'; END $$`);
      });
      await assert.rejects(work, { code: state });
      assert.equal(tries, expected, state);
    }
  });
});

describe("a server that only reads any more", () => {
  it("counts as away, and its connection is not used again", async () => {
    const small = createPool({ url, name: "small", max: 1 });
    atEnd(() => small.end());
    await small.query("DROP TABLE IF EXISTS written");
    await small.query("DROP TABLE IF EXISTS written; CREATE TABLE written (number INT)");
    const write = (db: Queryable) => db.query("INSERT INTO written VALUES (1)");
    for (const within of [inTransaction, withClient]) {
      await small.query("SET default_transaction_read_only = on");
      await assert.rejects(within(small, write), (error) => (error as { code?: string }).code === "25006" && isDatabaseOutage(error));
      assert.equal((await within(small, write)).rowCount, 1);
    }
  });
});

/** Between a client and PostgreSQL, until it swallows everything without a word. */
async function network(): Promise<{ url: string; swallow(): void; heal(): void }> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const dead = new WeakSet<Socket>();
  let isSwallowing = false;
  const proxy = createServer((client) => {
    const server = connect(Number(target.port), target.hostname);
    for (const socket of [client, server]) {
      sockets.add(socket);
      if (isSwallowing) dead.add(socket);
      socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    }
    client.on("data", (data) => { if (!dead.has(client)) server.write(data); });
    server.on("data", (data) => { if (!dead.has(client)) client.write(data); });
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  atEnd(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => proxy.close(resolve));
  });
  const through = new URL(url);
  through.port = String((proxy.address() as AddressInfo).port);
  return {
    url: through.href,
    swallow: () => { isSwallowing = true; for (const socket of sockets) dead.add(socket); },
    heal: () => { isSwallowing = false; },
  };
}

describe("a database that goes without a word", () => {
  it("holds no query for ever, and none once the network is back", async () => {
    const between = await network();
    const through = createPool({ url: between.url, name: "through", max: 4, statementLimitMs: 1_000 });
    atEnd(() => through.end());
    await Promise.all(Array.from({ length: 4 }, () => through.query("SELECT pg_sleep(0.05)")));
    between.swallow();
    const ends = await Promise.allSettled(Array.from({ length: 4 }, () => through.query("SELECT 1")));
    for (const end of ends) assert.ok(end.status === "rejected" && isDatabaseOutage(end.reason), JSON.stringify(end));
    between.heal();
    assert.equal((await through.query("SELECT 1")).rowCount, 1);
  });

  it("holds no statement for longer than the limit either, where the server still speaks", async () => {
    const short = createPool({ url, name: "short", max: 1, statementLimitMs: 1_000 });
    atEnd(() => short.end());
    await assert.rejects(short.query("SELECT pg_sleep(30)"), isDatabaseOutage);
    assert.equal((await short.query("SELECT 1")).rowCount, 1);
  });

  it("is noticed by the change feed, which then tells everybody to look again", async () => {
    const between = await network();
    const feed = new ChangeFeed(between.url, { intervalMs: 50, limitMs: 200 });
    await feed.start();
    atEnd(() => feed.close());
    const told = new Promise<void>((resolve) => { feed.subscribe("somebody", resolve); });
    between.swallow();
    setTimeout(() => between.heal(), 500);
    await told;
  });
});

describe("a listener whose connection broke", () => {
  it("listens once again, also if whoever is told of the gap fails", async () => {
    const module = join(import.meta.dirname, "..", "..", "src", "db", "listener.ts");
    const script = `
      const { Listener } = await import(${JSON.stringify(module)});
      process.on("unhandledRejection", ({ message }) => process.send(message));
      const fault = () => { throw new Error("an example of a fault"); };
      await new Listener({ url: ${JSON.stringify(url)}, channel: "gaps", name: "hears of gaps", onNotify: () => undefined, onGap: fault }).start();
      process.send("listens");`;
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    atEnd(() => child.kill());
    assert.equal(await message(child), "listens");
    const sessions = async () => (await pool.query("SELECT FROM pg_stat_activity WHERE application_name = 'hears of gaps'")).rowCount;
    const told = message(child);
    await pool.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hears of gaps'");
    assert.equal(await told, "an example of a fault");
    await sleep(1_000);
    assert.equal(await sessions(), 1);
  });
});

describe("a lock whose holder is frozen", () => {
  it(`is free after some ${SILENT_SECONDS} s, and the holder learns of it when it goes on`, async () => {
    const child = start("lock-child.ts", url, "frozen");
    const exit = once(child, "exit");
    assert.equal(await message(child), "locked");
    child.kill("SIGSTOP");
    const take = () => tryLockSession({ databaseUrl: url, name: "frozen", of: "the test" });
    assert.equal(await take(), undefined, "not at once: it may only be slow");
    let lock: Awaited<ReturnType<typeof take>>;
    for (let tries = 0; tries < 120 && !lock; tries += 1) {
      await sleep(500);
      lock = await take();
    }
    atEnd(() => lock?.release());
    assert.ok(lock, "nobody else got it within a minute");
    child.kill("SIGCONT");
    assert.equal(await message(child), "lost");
    assert.equal(lock.lost.aborted, false);
    child.send("go");
    await exit;
  });

  it("is not taken from a holder that lives", async () => {
    const lock = await tryLockSession({ databaseUrl: url, name: "alive", of: "the test" });
    atEnd(() => lock?.release());
    for (let tries = 0; tries < 8; tries += 1) {
      await sleep((SILENT_SECONDS / 6) * 1_000);
      assert.equal(await tryLockSession({ databaseUrl: url, name: "alive", of: "the test" }), undefined);
    }
    assert.equal(lock?.lost.aborted, false);
  });
});
