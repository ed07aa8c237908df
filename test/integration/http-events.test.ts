import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import Fastify from "fastify";
import { describe, it } from "vitest";
import { OpenStreams, streamStatus } from "../../src/http/live-status.ts";
import { statusEvents } from "../../src/http/status-events.ts";
import { readVpsView } from "../../src/http/vps-view.ts";
import { ChangeFeed } from "../../src/http/change-feed.ts";
import { beginPhase, fleetPace, requestVps, setVpsStatus, startRun } from "../../src/records/index.ts";
import { atEnd } from "../support/at-end.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { withApp } from "../support/http-app.ts";
import { openStream } from "../support/event-stream.ts";
import { asOperator, asUser, signToken } from "../support/tokens.ts";
import { until } from "../support/until.ts";

const first = await withApp();
const second = await withApp({ database: first });
const { pool } = first;
eachBeginsEmpty(first);
const urls = await Promise.all([first, second].map(({ app }) => app.listen({ host: "127.0.0.1", port: 0 })));

async function request(username: string): Promise<string> {
  const userId = `user_${username}`;
  await requestVps(pool, { userId, username, hostname: `${username}.spoq.dev`, plan: "kvm1", templateId: 1007, dataCenterId: 9, sshPublicKey: null });
  return userId;
}

class CountedFeed extends ChangeFeed {
  readonly subscriptions = new Set<() => void>();

  override subscribe(userId: string, onChange: () => void): () => void {
    this.subscriptions.add(onChange);
    const unsubscribe = super.subscribe(userId, onChange);
    return () => { this.subscriptions.delete(onChange); unsubscribe(); };
  }
}

describe("GET /api/vps/events", () => {
  it("tells the record at once, and each change, in every process", async () => {
    const userId = await request("alice");
    const streams = await Promise.all(urls.map(async (url) => openStream(`${url}/api/vps/events`, await asUser("alice"))));
    for (const stream of streams) {
      assert.match(stream.contentType, /^text\/event-stream/);
      assert.equal((await stream.next()).data.status, "queued");
    }
    await setVpsStatus(pool, userId, { status: "provisioning", waitingFor: "a worker" });
    for (const stream of streams) {
      const { data, id } = await stream.next();
      assert.deepEqual([data.status, data.waitingFor], ["provisioning", "a worker"]);
      assert.equal(id, String(data.version));
    }
    await startRun(pool, { runId: "run-alice", userId, username: "alice", operation: "up", workerId: "w", hostId: "h", pid: 1 });
    await beginPhase(pool, { runId: "run-alice", userId, phase: "vm" });
    for (const stream of streams) {
      const { data } = await stream.next();
      assert.equal(data.phase, "vm");
      assert.deepEqual(data.phases.map(({ phase }) => phase), ["vm"]);
    }
    for (const stream of streams) await stream.close();
  });

  it("tells nothing of another user's changes", async () => {
    const other = await request("bob");
    await request("carol");
    const stream = await openStream(`${urls[0]}/api/vps/events`, await asUser("carol"));
    assert.equal((await stream.next()).data.username, "carol");
    await setVpsStatus(pool, other, { status: "provisioning" });
    await setVpsStatus(pool, "user_carol", { waitingFor: "the end" });
    const { data } = await stream.next();
    assert.deepEqual([data.username, data.waitingFor], ["carol", "the end"]);
    await stream.close();
  });

  it("goes on after the connection that listens has broken", async () => {
    const userId = await request("dave");
    const stream = await openStream(`${urls[0]}/api/vps/events`, await asUser("dave"));
    await stream.next();
    await pool.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'user-vps listener' AND datname = current_database()");
    await setVpsStatus(pool, userId, { status: "provisioning", waitingFor: "written while nobody listened" });
    assert.equal((await stream.next()).data.waitingFor, "written while nobody listened");
    await stream.close();
  });

  it("ends when the token expires", async () => {
    await request("erin");
    const token = await signToken({ sub: "user_erin", username: "erin" }, { expiresInSeconds: 10 });
    const stream = await openStream(`${urls[0]}/api/vps/events`, { authorization: `Bearer ${token}` });
    await stream.next();
    await stream.ended();
  });

  it("refuses more than 8 streams of one user in a process, until one is closed", async () => {
    await request("frank");
    const open = async () => openStream(`${urls[0]}/api/vps/events`, await asUser("frank"));
    const streams = [];
    for (let count = 0; count < 8; count += 1) streams.push(await open());
    await assert.rejects(open, /429/);
    await streams.pop()?.close();
    let again: Awaited<ReturnType<typeof open>> | undefined;
    for (let tries = 0; tries < 50 && !again; tries += 1) {
      await sleep(20);
      again = await open().catch(() => undefined);
    }
    assert.ok(again);
    for (const stream of [...streams, again]) await stream.close();
  });

  it("ends when the server closes, and the server does not wait for the client", async () => {
    await request("grace");
    const third = await withApp({ database: first });
    const url = await third.app.listen({ host: "127.0.0.1", port: 0 });
    const stream = await openStream(`${url}/api/vps/events`, await asUser("grace"));
    await stream.next();
    await Promise.all([third.app.close(), stream.ended()]);
  });

  it("holds one listening connection a process, however many streams", async () => {
    await request("heidi");
    const streams = await Promise.all(Array.from({ length: 5 }, async () => openStream(`${urls[0]}/api/vps/events`, await asUser("heidi"))));
    const { rows } = await pool.query("SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = 'user-vps listener' AND datname = current_database()");
    assert.equal(rows[0].count, 2);
    for (const stream of streams) await stream.close();
  });
});

describe("a client that goes at whatever moment", () => {
  const { pool: db } = first;
  const query = db.query.bind(db);

  /** Asks for a stream, and behind it for another one, and is gone while the record is being read. */
  async function hitAndRun(path: string, authorization: string): Promise<void> {
    let isRead = () => {};
    const reading = new Promise<void>((resolve) => { isRead = resolve; });
    let letGo = () => {};
    const gone = new Promise<void>((resolve) => { letGo = resolve; });
    db.query = (async (...args: Parameters<typeof query>) => { isRead(); await gone; return query(...args); }) as never;
    const socket = connect(Number(new URL(urls[0]!).port), "127.0.0.1");
    const arrived = new Promise<Socket>((resolve) => first.app.server.once("connection", resolve));
    socket.on("error", () => undefined).write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n\r\n`.repeat(2));
    const served = await arrived;
    const closed = once(served, "close");
    await reading;
    socket.destroy();
    await closed;
    db.query = query;
    letGo();
  }

  it("is not counted, neither as a user nor as an operator", async () => {
    await request("judy");
    const user = (await asUser("judy")).authorization;
    const operator = (await asOperator()).authorization;
    for (let count = 0; count < 8; count += 1) await hitAndRun("/api/vps/events", user);
    for (let count = 0; count < 100; count += 1) await hitAndRun("/api/admin/vps/judy/events", operator);
    const streams = await Promise.all([openStream(`${urls[0]}/api/vps/events`, { authorization: user }), openStream(`${urls[0]}/api/admin/vps/judy/events`, { authorization: operator })]);
    for (const stream of streams) {
      assert.equal((await stream.next()).data.username, "judy");
      await stream.close();
    }
  });

  it("leaves nothing of what it has pipelined, of which the connection carries the first alone", async () => {
    await request("ken");
    const streams = new OpenStreams({ most: 12, whose: "streams of this test" });
    const feed = new CountedFeed(first.url);
    const closing = new AbortController();
    const app = Fastify();
    atEnd(async () => { closing.abort(); await app.close(); });
    app.decorateRequest("caller", undefined);
    app.get("/", (request, reply) => {
      request.caller = { userId: "user_ken", expiresAt: new Date(Date.now() + 3_600_000), sessionId: "a-session" } as never;
      const context = { pool: db, pace: fleetPace(db), feed, closing: closing.signal };
      return streamStatus({ request, reply, context, userId: "user_ken", readView: readVpsView, streams, key: "ken" });
    });
    const url = await app.listen({ host: "127.0.0.1", port: 0 });
    const warnings: string[] = [];
    const onWarning = ({ name }: Error) => warnings.push(name);
    process.on("warning", onWarning);
    atEnd(() => void process.off("warning", onWarning));
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(12));
    await until("all of them are open", () => streams.size === 12 && feed.subscriptions.size === 24);
    socket.destroy();
    const left = () => [streams.size, feed.subscriptions.size];
    await until("all places are given back", () => left().every((count) => count === 0), left);
    assert.ok(!warnings.includes("MaxListenersExceededWarning"));
  });
});

describe("statusEvents", () => {
  it("sends a heartbeat while nothing changes", async () => {
    await request("ivan");
    const feed = new ChangeFeed(first.url);
    const stop = new AbortController();
    const texts: string[] = [];
    for await (const text of statusEvents({ db: pool, pace: fleetPace(pool), feed, userId: "user_ivan", readView: readVpsView, signal: stop.signal, heartbeatMs: 10, queueLookMs: 10_000 })) {
      texts.push(text);
      if (texts.length === 4) stop.abort();
    }
    assert.equal(texts[0], "retry: 2000\n\n");
    assert.match(texts[1] ?? "", /^event: status\nid: 1\ndata: \{.*\}\n\n$/);
    assert.deepEqual(texts.slice(2), [": heartbeat\n\n", ": heartbeat\n\n"]);
  });

  it("keeps neither timers nor a subscription once it is over, even if nobody takes in what it still says", async () => {
    await request("lena");
    const feed = new CountedFeed(first.url);
    const stop = new AbortController();
    const events = statusEvents({
      db: pool, pace: fleetPace(pool), feed, userId: "user_lena", readView: readVpsView, signal: stop.signal, heartbeatMs: 10_000, queueLookMs: 10_000,
    });
    await events.next();
    assert.equal(feed.subscriptions.size, 1);
    stop.abort();
    assert.equal(feed.subscriptions.size, 0);
  });
});
