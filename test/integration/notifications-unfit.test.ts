/** Messages to people that a target does not take for what they hold. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, it } from "vitest";
import type { NotificationTarget } from "../../src/config/index.ts";
import { listMessages, listTargets, sendAgain, sendGivenUpAgain, startNotifications, type Notifications } from "../../src/notifications/index.ts";
import { setVpsStatus } from "../../src/records/index.ts";
import { atEnd } from "../support/at-end.ts";
import { withDatabase } from "../support/postgres.ts";
import { insertReadyUser } from "../support/ready-user.ts";
import { startReceiver } from "../support/receiver-process.ts";
import { until } from "../support/until.ts";

describe("a message to people that is not taken for what it holds", async () => {
  const { pool } = await withDatabase();
  let running: Notifications;

  async function start(target: NotificationTarget, groupSeconds = 0): Promise<void> {
    running = await startNotifications({
      pool, workerId: "worker", log: () => undefined, redact: (text) => text,
      settings: { notificationTargets: [target], notificationTargetsFile: undefined, notificationTimeoutSeconds: 30, notificationGroupSeconds: groupSeconds, notificationGiveUpHours: 72 },
      pauses: { message: { firstMs: 50, longestMs: 100 }, target: { firstMs: 50, longestMs: 100 } },
    });
  }
  async function fail(username: string, reason: string): Promise<void> {
    await setVpsStatus(pool, username, { status: "provisioning" });
    await setVpsStatus(pool, username, { status: "failed", errorCode: "VM_ERROR", reason, nextStep: "Look." });
  }
  const allAreHandedOn = async () => (await pool.query("SELECT FROM vps_notification_events WHERE handed_on_at IS NULL")).rowCount === 0;
  /** The oldest one. */
  const first = async () => (await listMessages(pool, { limit: 200 })).items.at(-1);

  /** As Discord has it at its address with /slack. */
  async function startDiscord(): Promise<{ readonly target: NotificationTarget; readonly taken: readonly string[]; readonly lengths: readonly number[] }> {
    const lengths: number[] = [];
    const { target, taken } = await startSlack((text) => {
      lengths.push(text.length);
      return text.length <= 2_000 && !text.includes("fake-forbidden-word") ? 200 : 400;
    });
    return { target, taken, lengths };
  }

  async function startSlack(statusOf: (text: string) => number): Promise<{ readonly target: NotificationTarget; readonly taken: readonly string[] }> {
    const taken: string[] = [];
    const server = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => { body += text; }).on("end", () => {
        const { text } = JSON.parse(body) as { text: string };
        const status = statusOf(text);
        if (status === 200) taken.push(text);
        response.writeHead(status).end();
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    atEnd(() => void server.close().closeAllConnections());
    return { target: { format: "slack", name: "ops", url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack`, events: ["*"] }, taken };
  }

  beforeEach(async () => {
    for (const table of ["user_vps", "vps_notification_events", "vps_notifications", "vps_notification_targets", "vps_leases"]) await pool.query(`DELETE FROM ${table}`);
    for (const username of ["alice", "bob"]) await insertReadyUser(pool, username);
    await pool.query("DELETE FROM vps_notification_events");
  });
  afterEach(() => running.stop());

  it("is sent cut in the same try, if it may be too long", async () => {
    const { target, taken, lengths } = await startDiscord();
    await start(target, 600);
    for (let turn = 0; turn < 3; turn++) for (const username of ["alice", "bob"]) await fail(username, "x".repeat(400));
    await until("all that happened", allAreHandedOn);
    await pool.query("UPDATE vps_notifications SET next_attempt_at = now()");
    await until("a try", async () => (await first())?.lastError ?? (await first())?.deliveredAt ?? undefined);
    assert.deepEqual([(await first())!.state, (await first())!.attempts, lengths.length, taken.length], ["delivered", 1, 2, 1]);
    assert.match(taken[0]!, /^\*6 VPSs need somebody\*\n.*…$/s);
  });

  it("is given up after some tries, and one of a test that is taken; what comes after is delivered, and the target is not considered down", async () => {
    const { target, taken } = await startDiscord();
    await start(target);
    await fail("alice", "fake-forbidden-word");
    await assertGivenUpAlone(/^answered 400/, taken);
    assert.match(taken[0]!, /^\*1 test\*\na test, asked for by user-vps: /);
  });

  it("is kept for a target that refuses everything so, whatever it answered before: that is down, and gets all in order when it is back", async () => {
    let [isBack, requests] = [false, 0];
    const { target, taken } = await startSlack(() => {
      requests += 1;
      if (isBack) return 200;
      return requests <= 5 ? 502 : 400;
    });
    await start(target);
    for (const reason of ["first", "second", "third"]) {
      await fail("alice", reason);
      await until("its message", allAreHandedOn);
    }
    await until("tries enough", async () => (await first())!.attempts >= 12 && (await listTargets(pool))[0]!.failures >= 12);
    const states = (await listMessages(pool, { limit: 200 })).items.map(({ state }) => state);
    assert.deepEqual(new Set(states), new Set(["pending"]));
    isBack = true;
    await until("all of them", async () => (await listTargets(pool))[0]!.pending === 0);
    assert.deepEqual(taken.join("\n").match(/first|second|third/g), ["first", "second", "third"]);
    assert.deepEqual([(await listTargets(pool))[0]!.failures, (await listTargets(pool))[0]!.givenUp], [0, 0]);
  });

  it("has all its tries again when it is sent again, and takes up nothing that happened since", async () => {
    const { target } = await startDiscord();
    await start(target);
    await fail("alice", "fake-forbidden-word");
    const isGivenUp = async () => (await first())?.state === "given_up";
    await until("the end of tries", isGivenUp);
    await running.stop();
    const { messageId } = (await first())!;
    assert.deepEqual([(await sendAgain(pool, messageId))!.attempts, (await sendAgain(pool, messageId))!.state], [0, "pending"]);
    await pool.query("UPDATE vps_notifications SET state = 'given_up', attempts = 5");
    assert.deepEqual([await sendGivenUpAgain(pool, "ops"), (await first())!.attempts], [1, 0]);
    // What is not tried yet is added to, which this one was.
    await pool.query("UPDATE vps_notifications SET next_attempt_at = now() + interval '1 hour'");
    await start(target, 600);
    await fail("bob", "an example");
    await until("the other one", async () => (await listMessages(pool, { limit: 200 })).items.length === 2);
    await pool.query("UPDATE vps_notifications SET next_attempt_at = now()");
    await until("the end of tries again", isGivenUp);
    assert.deepEqual([(await first())!.attempts, (await first())!.events.length], [5, 1]);
  });

  it("is given up if it is a mail whose text the server refuses", async () => {
    const { port, taken } = await startReceiver<{ raw: string }>("smtp");
    await start({ format: "email", name: "ops", to: ["a@example.com"], from: "vps@example.com", smtp: `smtp://mailer:${encodeURIComponent("fake:mail/password")}@127.0.0.1:${port}`, events: ["*"] });
    await fail("alice", "fake-virus");
    await assertGivenUpAlone(/554 not wanted/, taken);
  });

  async function assertGivenUpAlone(error: RegExp, taken: readonly unknown[]): Promise<void> {
    await until("the sixth try, or the end of tries", async () => ((await first())?.attempts ?? 0) > 5 || (await first())?.state === "given_up");
    const { state, attempts, lastError } = (await first())!;
    assert.deepEqual([state, attempts], ["given_up", 5]);
    assert.match(lastError!, error);
    assert.equal(taken.length, 1, "the test");
    await fail("bob", "an example");
    await until("the other one", () => taken.length === 2);
    assert.equal((await listTargets(pool))[0]!.failures, 0);
  }
});
