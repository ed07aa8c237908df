import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import { createServer as createTcpServer } from "node:net";
import type { AddressInfo, Server as TcpServer } from "node:net";
import { afterEach, beforeEach, describe, it } from "vitest";
import { sleep } from "../../providers/core/time.ts";
import type { NotificationTarget } from "../../src/config/index.ts";
import { listMessages, listTargets, resumeTarget, sendAgain, sendGivenUpAgain, startNotifications } from "../../src/notifications/index.ts";
import type { NotificationMessage, Notifications } from "../../src/notifications/index.ts";
import { claimMessages } from "../../src/notifications/messages.ts";
import { setVpsStatus } from "../../src/records/index.ts";
import { atEnd } from "../support/at-end.ts";
import { withDatabase } from "../support/postgres.ts";
import { insertReadyUser } from "../support/ready-user.ts";
import { startReceiver } from "../support/receiver-process.ts";
import { until as untilSo } from "../support/until.ts";

const { pool } = await withDatabase();
const SECRET = `whsec_${Buffer.from("fake-secret-of-webhooks-for-tests").toString("base64")}`;
const OTHER_SECRET = `whsec_${Buffer.from("another-secret-of-webhooks-for-tests").toString("base64")}`;
const running: Notifications[] = [];

interface Taken { readonly id: string; readonly isNew: boolean; readonly type: string; readonly timestamp: string; readonly data: { readonly [key: string]: unknown } }

/** @param timeoutSeconds longer than any answer takes on a busy machine, unless that is what matters: a try that is given up is still under way to who counts */
async function start(targets: readonly NotificationTarget[], { workerId = "worker", groupSeconds = 0, timeoutSeconds = 30 } = {}): Promise<Notifications> {
  const started = await startNotifications({
    pool, workerId, log: () => undefined, redact: (text) => text.replaceAll("fake-hostinger-token", "[secret]"),
    settings: { notificationTargets: targets, notificationTargetsFile: undefined, notificationTimeoutSeconds: timeoutSeconds, notificationGroupSeconds: groupSeconds, notificationGiveUpHours: 72 },
    pauses: { message: { firstMs: 50, longestMs: 400 }, target: { firstMs: 50, longestMs: 400 } },
  });
  running.push(started);
  return started;
}

const webhook = (name: string, port: number, more: Partial<Extract<NotificationTarget, { format: "webhook" }>> = {}): NotificationTarget => ({ format: "webhook", name, url: `http://127.0.0.1:${port}/hook`, secrets: [SECRET], events: ["*"], ...more });

/** In the records, as a run would do it. */
async function fail(username: string, reason = "an example"): Promise<void> {
  await setVpsStatus(pool, username, { status: "provisioning" });
  await setVpsStatus(pool, username, { status: "failed", errorCode: "VM_ERROR", reason, nextStep: "Look." });
}

const until = <T>(what: string, look: () => T | Promise<T>) => untilSo(what, look, async () => (await listTargets(pool)).map(({ name, pending, lastError }) => ({ name, pending, lastError })));
const target = async (name: string) => (await listTargets(pool)).find((one) => one.name === name)!;
const messages = async (name: string) => (await listMessages(pool, { target: name, limit: 200 })).items.reverse();

async function serve(answer: RequestListener): Promise<{ readonly server: Server; readonly port: number; readonly requests: () => number }> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    request.resume();
    answer(request, response);
  });
  return { server, port: await listen(server), requests: () => requests };
}
async function listen(server: Server | TcpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEnd(async () => {
    if ("closeAllConnections" in server) server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

beforeEach(async () => {
  for (const table of ["user_vps", "vps_notification_events", "vps_notifications", "vps_notification_targets", "vps_leases"]) await pool.query(`DELETE FROM ${table}`);
  for (const username of ["alice", "bob", "carol"]) await insertReadyUser(pool, username);
  await pool.query("DELETE FROM vps_notification_events");
});
afterEach(async () => void (await Promise.all(running.splice(0).map((one) => one.stop()))));

describe("a webhook", () => {
  it("is taken by the example's receiver, which verifies its signature, with what happened and no secret", async () => {
    const { port, taken } = await startReceiver<Taken>("webhook", { WEBHOOK_SECRET: SECRET });
    // While the secret is changed, a receiver knows the one or the other.
    await start([webhook("backend", port, { secrets: [OTHER_SECRET, SECRET] })]);
    await fail("alice", "Hostinger refused fake-hostinger-token.");
    await until("the message", () => taken.length === 1);
    const [{ id, isNew, type, data }] = taken as [Taken];
    assert.match(id, /^msg_[0-9a-f]{32}$/);
    assert.deepEqual([isNew, type, data["username"], data["code"], data["reason"]], [true, "vps.failed", "alice", "VM_ERROR", "Hostinger refused [secret]."]);
    await until("its record", async () => (await messages("backend"))[0]!.state === "delivered");
  });

  it("that is signed with another secret is not taken", async () => {
    const { port, taken } = await startReceiver<Taken>("webhook", { WEBHOOK_SECRET: OTHER_SECRET });
    await start([webhook("backend", port)]);
    await fail("alice");
    await until("a refusal", async () => /answered 401/.test((await messages("backend"))[0]?.lastError ?? ""));
    assert.deepEqual(taken, []);
  });

  it("reaches a receiver that was down for long: nothing is missing, each user's in order, each id for one message", async () => {
    const first = await startReceiver<Taken>("webhook", { WEBHOOK_SECRET: SECRET });
    await start([webhook("backend", first.port)]);
    const turns = 8;
    const users = ["alice", "bob", "carol"];
    const tell = async (turn: number) => { for (const username of users) await fail(username, `turn ${turn}`); };
    await tell(0);
    await until("the first ones", () => first.taken.length >= 2);
    await first.kill();
    for (let turn = 1; turn < turns; turn++) await tell(turn);
    // Longer than a round of all pauses.
    await until("an outage", async () => (await target("backend")).failures >= 6);
    const second = await startReceiver<Taken>("webhook", { WEBHOOK_SECRET: SECRET, PORT: String(first.port) });
    await until("all of them", async () => (await target("backend")).pending === 0);
    const all = [...first.taken, ...second.taken];
    assert.equal(new Set(all.map(({ id }) => id)).size, users.length * turns);
    assert.equal(new Set(all.map(({ data }) => `${data["username"] as string} ${data["reason"] as string}`)).size, users.length * turns, "none is missing");
    for (const username of users) {
      const seen = [...new Set(all.filter(({ data }) => data["username"] === username).map(({ data }) => data["reason"]))];
      assert.deepEqual(seen, Array.from({ length: turns }, (_, turn) => `turn ${turn}`), username);
    }
    assert.equal((await target("backend")).failures, 0);
  });

  it("that was sent when its worker went comes again from the next one, with the same id and body", async () => {
    const bodies: string[] = [];
    const { port } = await serve((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => { body += text; }).on("end", () => {
        bodies.push(`${request.headers["webhook-id"] as string} ${body}`);
        if (bodies.length > 1) response.end();
      });
    });
    const gone = await start([webhook("backend", port)], { workerId: "a" });
    await fail("alice");
    await until("the first try", () => bodies.length === 1);
    await gone.stop();
    await start([webhook("backend", port)], { workerId: "b" });
    await until("the second", async () => (await messages("backend"))[0]!.state === "delivered");
    assert.equal(bodies.length, 2);
    assert.equal(bodies[0], bodies[1]);
  });

  it("is sent by one of several workers at a time", async () => {
    const { port, taken } = await startReceiver<Taken>("webhook", { WEBHOOK_SECRET: SECRET });
    for (const workerId of ["a", "b", "c"]) await start([webhook("backend", port)], { workerId });
    for (let turn = 0; turn < 5; turn++) await fail("alice", `turn ${turn}`);
    await until("all of them", async () => taken.length >= 5 && (await messages("backend")).filter(({ state }) => state === "delivered").length === 5);
    assert.deepEqual(taken.map(({ isNew, data }) => [isNew, data["reason"]]), Array.from({ length: 5 }, (_, turn) => [true, `turn ${turn}`]));
  });
});

describe("a target that does not answer as it should", () => {
  it("holds up no other one, and says what is wrong", async () => {
    const good = await startReceiver<Taken>("webhook", { WEBHOOK_SECRET: SECRET });
    const elsewhere = await serve((_, response) => response.end());
    const dripping = (status: number) => createTcpServer((socket) => {
      socket.on("error", () => undefined);
      const text = status === 200 ? "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n" : "HTTP/1.1 200 OK\r\n";
      socket.write(text);
      const drip = setInterval(() => socket.write("x"), 50);
      socket.on("close", () => clearInterval(drip));
    });
    const ports: Record<string, number> = {
      slow: (await serve((_, response) => void setTimeout(() => response.end(), 400))).port,
      redirect: (await serve((_, response) => void response.writeHead(302, { location: `http://127.0.0.1:${elsewhere.port}/` }).end())).port,
      gone: (await serve((_, response) => void response.writeHead(410).end())).port,
      page: (await serve((_, response) => void response.writeHead(503, { "content-type": "text/html" }).end("<html>fake-page</html>"))).port,
      taken: (await serve((_, response) => void response.writeHead(200, { "content-type": "text/html" }).end("<html></html>"))).port,
      hangs: (await serve(() => undefined)).port,
      headers: await listen(dripping(0)),
      body: await listen(dripping(200)),
      endless: (await serve((_, response) => {
        response.writeHead(500, { "content-type": "text/plain" });
        const flood = setInterval(() => response.write("x".repeat(1_000)), 5);
        response.on("close", () => clearInterval(flood));
      })).port,
      closed: 1,
    };
    await start([...Object.entries(ports).map(([name, port]) => webhook(name, port)), webhook("good", good.port)], { timeoutSeconds: 1 });
    for (const username of ["alice", "bob", "carol"]) await fail(username);
    await until("the good one", () => good.taken.length >= 3);
    const errors: Record<string, RegExp> = {
      redirect: /answered 302, a redirect, which is not followed/, gone: /answered 410: it wants nothing any more/, page: /^answered 503 \(text\/html\)$/, hangs: /no answer within 1 s/, headers: /no answer within 1 s|no answer: HPE/,
      endless: /answered 500: x+$/, closed: /no answer: (ECONNREFUSED|UND_ERR_\w+)/,
    };
    for (const [name, error] of Object.entries(errors)) await until(`${name} to fail`, async () => error.test((await target(name)).lastError ?? ""));
    for (const name of ["slow", "taken", "body"]) await until(`${name} to take all`, async () => (await messages(name)).every(({ state }) => state === "delivered"));
    for (const name of Object.keys(errors)) assert.equal((await target(name)).pending, 3, `${name} loses nothing`);
    assert.equal(elsewhere.requests(), 0, "a redirect leads nowhere");
  });

  it("and says that it is gone is left alone until an operator resumes it, or its address changes", async () => {
    let status = 410;
    const { port, requests } = await serve((_, response) => void response.writeHead(status).end());
    await start([webhook("backend", port)]);
    await fail("alice");
    await until("the pause", async () => (await target("backend")).pausedAt);
    await fail("alice");
    await until("the second message", async () => (await target("backend")).pending === 2);
    const asked = requests();
    await sleep(1_000);
    assert.equal(requests(), asked);
    status = 204;
    assert.equal(await resumeTarget(pool, "backend"), true);
    await until("both", async () => (await target("backend")).pending === 0);
  });

  it("is tried by one message at a time while it is out, and gets all of them when it is back", async () => {
    let isOut = true;
    let [atOnce, mostAtOnce] = [0, 0];
    const { port } = await serve((_, response) => {
      mostAtOnce = Math.max(mostAtOnce, ++atOnce);
      setTimeout(() => {
        atOnce -= 1;
        response.writeHead(isOut ? 500 : 204).end();
      }, 30);
    });
    await start([webhook("backend", port)]);
    for (let user = 0; user < 20; user++) {
      await insertReadyUser(pool, `user${user}`);
      await fail(`user${user}`);
    }
    // By then those are over that were sent before the third failure in a row was known: three, and four under way, and four for a look at the same time.
    await until("an outage", async () => (await target("backend")).failures >= 12);
    mostAtOnce = 0;
    // Counted from here: on a busy machine it may have been tried on and on since it was looked at.
    const { failures } = await target("backend");
    await until("more failures", async () => (await target("backend")).failures >= failures + 3);
    assert.equal(mostAtOnce, 1);
    isOut = false;
    await until("all of them", async () => (await target("backend")).pending === 0);
  });

  it("is given no more at once than it is to have, whatever plan PostgreSQL makes of few rows", async () => {
    const target = "backend";
    const put = (first: number, last: number) => pool.query(
      "INSERT INTO vps_notifications (message_id, target, ordering, events, next_attempt_at) SELECT 'msg_' || n, $1, 'user' || n, '[]', now() FROM generate_series($2::int, $3::int) AS n", [target, first, last]);
    const claim = () => claimMessages(pool, { target, most: 3, claimSeconds: 60, atOnce: false });
    await put(1, 1);
    // What it knows by this is one row, for which it chooses to run a subquery again for each.
    await pool.query("VACUUM ANALYZE vps_notifications");
    await put(2, 20);
    const [first, second] = [await claim(), await claim()];
    assert.deepEqual([first, second].map((claimed) => claimed.map(({ ordering }) => ordering).toSorted()), [["user1", "user2", "user3"], ["user4", "user5", "user6"]]);
  });

  it("does not let one message that it refuses hold up those of others", async () => {
    const seen: string[] = [];
    const { port } = await serve((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => { body += text; }).on("end", () => {
        const { data: { username, reason } } = JSON.parse(body) as { data: { username: string; reason: string } };
        if (username !== "alice") seen.push(`${username} ${reason}`);
        response.writeHead(username === "alice" ? 400 : 204).end();
      });
    });
    await start([webhook("backend", port)]);
    await fail("alice");
    for (let turn = 0; turn < 5; turn++) for (const username of ["bob", "carol"]) await fail(username, `turn ${turn}`);
    await until("the others", () => seen.length === 10);
    const { state, attempts } = (await messages("backend")).find(({ events }) => events[0]!.username === "alice")!;
    assert.equal(state, "pending");
    assert.ok(attempts >= 1);
  });

  it("is given up for a message after days, which can be sent again with the same id", async () => {
    const { port } = await serve((_, response) => void response.writeHead(500).end());
    const first = await start([webhook("backend", port)]);
    await fail("alice");
    await until("a try", async () => ((await messages("backend"))[0]?.attempts ?? 0) >= 1);
    await pool.query("UPDATE vps_notifications SET pending_since = now() - interval '73 hours'");
    await until("the end of tries", async () => (await messages("backend"))[0]!.state === "given_up");
    assert.equal((await target("backend")).givenUp, 1);
    await first.stop();
    const receiver = await startReceiver<Taken>("webhook", { WEBHOOK_SECRET: SECRET });
    await start([webhook("backend", receiver.port)]);
    assert.equal(await sendGivenUpAgain(pool, "backend"), 1);
    await until("the message", () => receiver.taken.length === 1);
    const { messageId } = (await messages("backend"))[0]!;
    await until("its record", async () => (await messages("backend"))[0]!.state === "delivered");
    await sendAgain(pool, messageId);
    await until("it again", () => receiver.taken.length === 2);
    assert.deepEqual(receiver.taken.map(({ id, isNew }) => [id, isNew]), [[messageId, true], [messageId, false]]);
  });
});

describe("who is told what", () => {
  it("is as the targets say, and what nobody wants is kept for nobody", async () => {
    const { port, taken } = await startReceiver<Taken>("webhook", { WEBHOOK_SECRET: SECRET });
    await start([webhook("vps", port, { events: ["vps.*"] }), webhook("other", port, { events: ["findings.new"] })]);
    await fail("alice");
    await until("the message", () => taken.length === 1);
    assert.equal((await messages("other")).length, 0);
    // One that is not in the settings any more is told nothing, and shown nowhere.
    await running.splice(0)[0]!.stop();
    await start([webhook("other", port, { events: ["findings.new"] })]);
    await fail("alice");
    await until("the event", async () => (await pool.query("SELECT FROM vps_notification_events WHERE handed_on_at IS NULL")).rowCount === 0);
    assert.equal((await messages("vps")).length, 1);
    assert.deepEqual((await listTargets(pool)).map(({ name }) => name), ["other"]);
  });
});

describe("people", () => {
  it("get what happens together in one message: Slack, as plain text that calls nobody", async () => {
    const { port, taken } = await startReceiver<{ text: string }>("slack");
    const slack: NotificationTarget = { format: "slack", name: "ops", url: `http://127.0.0.1:${port}/services/T0/B0/fake-slack-token`, events: ["vps.failed", "vps.given_up"] };
    await start([slack], { groupSeconds: 600 });
    for (let user = 0; user < 30; user++) {
      await insertReadyUser(pool, `user${user}`);
      await fail(`user${user}`, "<!channel> & <https://example.com|here>");
    }
    await setVpsStatus(pool, "alice", { status: "deprovisioned" });
    await until("all that happened", async () => (await pool.query("SELECT FROM vps_notification_events WHERE handed_on_at IS NULL")).rowCount === 0);
    assert.equal(taken.length, 0);
    await pool.query("UPDATE vps_notifications SET next_attempt_at = now()");
    await until("the message", async () => taken.length > 0 && (await target("ops")).pending === 0);
    assert.equal(taken.length, 1);
    const [{ text }] = taken as [{ text: string }];
    assert.match(text, /^\*30 VPSs need somebody, 1 VPS is given up\*\n/);
    assert.match(text, /user0: VM_ERROR: &lt;!channel&gt; &amp; &lt;https/);
    assert.match(text, /and 11 more$/);
    assert.doesNotMatch(text, /[<>]/);
    assert.ok(!JSON.stringify(await listTargets(pool)).includes("fake-slack-token"), "the address is told without its secret");
  });

  it("get it tried for as long as anything else, however long it was gathered", async () => {
    const { port } = await startReceiver("slack");
    await start([{ format: "slack", name: "ops", url: `http://127.0.0.1:${port}/services/T0/B0/fake-slack-token`, events: ["vps.failed"] }], { groupSeconds: 3_600 });
    await fail("alice");
    await until("the message", async () => (await messages("ops")).length === 1);
    const [{ pendingSince, nextAttemptAt, createdAt }] = (await messages("ops")) as [NotificationMessage];
    assert.deepEqual(pendingSince, nextAttemptAt);
    assert.ok(pendingSince.getTime() - createdAt.getTime() > 3_590_000);
    assert.ok((await target("ops")).oldestPendingAt! <= new Date(), "what waits does not wait since later");
  });

  it("get mail by SMTP, with a login, an address for each and the same Message-ID for each try", async () => {
    const { port, taken } = await startReceiver<{ from: string; to: string[]; raw: string }>("smtp");
    const mail = (password: string): NotificationTarget => ({ format: "email", name: "mail", to: ["a@example.com", "b@example.com"], from: "vps@example.com", smtp: `smtp://mailer:${password}@127.0.0.1:${port}`, events: ["*"] });
    const wrong = await start([mail("fake-wrong")]);
    await fail("alice", "Ünïcode\r\nBcc: c@example.com");
    await until("a refusal", async () => /535|Invalid login/.test((await messages("mail"))[0]?.lastError ?? ""));
    assert.doesNotMatch((await messages("mail"))[0]!.lastError!, /fake-wrong/);
    await wrong.stop();
    await start([mail(encodeURIComponent("fake:mail/password"))]);
    await until("the mails", async () => (await messages("mail")).every(({ state }) => state === "delivered"));
    const { messageId } = (await messages("mail"))[0]!;
    await sendAgain(pool, messageId);
    await until("the first one again", () => taken.length === 3);
    const to = (address: string) => taken.filter((mail) => mail.to.join() === address);
    assert.deepEqual([to("a@example.com").length, to("b@example.com").length], [2, 1]);
    for (const { from, raw } of to("a@example.com")) {
      assert.equal(from, "vps@example.com");
      assert.match(raw, new RegExp(`^Message-ID: <${messageId}@example.com>\\r$`, "m"));
      assert.match(raw, /^Subject: user-vps: 1 VPS needs somebody\r$/m);
      assert.doesNotMatch(raw.split("\r\n\r\n")[0]!, /^Bcc:/m);
    }
  });

  it("get their mail whoever else is refused, and it is told who is", async () => {
    const { port, taken } = await startReceiver<{ to: string[] }>("smtp");
    const mail: NotificationTarget = { format: "email", name: "mail", to: ["nobody@example.com", "b@example.com"], from: "vps@example.com", smtp: `smtp://mailer:${encodeURIComponent("fake:mail/password")}@127.0.0.1:${port}`, events: ["*"] };
    await start([mail]);
    await fail("alice");
    await until("some tries", async () => ((await messages("mail"))[0]?.attempts ?? 0) > 4);
    await fail("bob");
    await until("two mails", async () => taken.length >= 2 && (await messages("mail")).filter(({ state }) => state === "delivered").length === 2);
    assert.deepEqual(taken.map(({ to }) => to), [["b@example.com"], ["b@example.com"]]);
    const [refused] = await messages("mail");
    assert.match(refused!.lastError!, /^nobody@example\.com: .*550 no such mailbox/);
    assert.equal(refused!.state, "pending");
    assert.equal((await target("mail")).failures, 0);
  });

  it("are not waited for where a mail server hangs, or says a little now and then", async () => {
    const tcp = async (greet: boolean) => listen(createTcpServer((socket) => {
      socket.on("error", () => undefined);
      const drip = setInterval(() => { if (greet) socket.write("220-wait\r\n"); }, 50);
      socket.on("close", () => clearInterval(drip));
    }));
    const mail = async (name: string, greet: boolean): Promise<NotificationTarget> => ({ format: "email", name, to: ["a@example.com"], from: "vps@example.com", smtp: `smtp://127.0.0.1:${await tcp(greet)}`, events: ["*"] });
    const started = await start([await mail("hangs", false), await mail("drips", true)], { timeoutSeconds: 1 });
    await fail("alice");
    for (const name of ["hangs", "drips"]) await until(`${name} to fail`, async () => ((await target(name)).failures >= 2 ? true : undefined));
    await started.stop();
  });
});
