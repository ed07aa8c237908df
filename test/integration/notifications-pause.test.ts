/** For how long a message is tried, where its target could not be tried for a while. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, it } from "vitest";
import type { NotificationTarget } from "../../src/config/index.ts";
import { listMessages, listTargets, resumeTarget, startNotifications } from "../../src/notifications/index.ts";
import type { NotificationMessage, Notifications } from "../../src/notifications/index.ts";
import { setVpsStatus } from "../../src/records/index.ts";
import { atEnd } from "../support/at-end.ts";
import { withDatabase } from "../support/postgres.ts";
import { insertReadyUser } from "../support/ready-user.ts";
import { until } from "../support/until.ts";

const { pool } = await withDatabase();
const secretOf = (text: string) => `whsec_${Buffer.from(text).toString("base64")}`;
const SECRET = secretOf("fake-secret-of-webhooks-for-tests");
const OTHER_SECRET = secretOf("another-secret-of-webhooks-for-tests");
const running: Notifications[] = [];

async function start(targets: readonly NotificationTarget[]): Promise<Notifications> {
  const started = await startNotifications({
    pool, workerId: "worker", log: () => undefined, redact: (text) => text,
    settings: {
      notificationTargets: targets, notificationTargetsFile: undefined,
      notificationTimeoutSeconds: 30, notificationGroupSeconds: 0, notificationGiveUpHours: 72,
    },
    pauses: { message: { firstMs: 50, longestMs: 400 }, target: { firstMs: 50, longestMs: 400 } },
  });
  running.push(started);
  return started;
}

const webhook = (name: string, port: number, more: { secrets?: string[] } = {}): NotificationTarget =>
  ({ format: "webhook", name, url: `http://127.0.0.1:${port}/hook`, secrets: [SECRET], events: ["*"], ...more });
const target = async (name: string) => (await listTargets(pool)).find((one) => one.name === name)!;
const messages = async (name: string) => (await listMessages(pool, { target: name, limit: 200 })).items.reverse();

/** In the records, as a run would do it. */
async function fail(username: string): Promise<void> {
  await setVpsStatus(pool, username, { status: "provisioning" });
  await setVpsStatus(pool, username, { status: "failed", errorCode: "VM_ERROR", reason: "an example", nextStep: "Look." });
}

async function serve(answer: RequestListener): Promise<{ readonly port: number }> {
  const server = createServer((request, response) => {
    request.resume();
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEnd(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port };
}

beforeEach(async () => {
  const tables = ["user_vps", "vps_notification_events", "vps_notifications", "vps_notification_targets", "vps_leases"];
  for (const table of tables) await pool.query(`DELETE FROM ${table}`);
  await insertReadyUser(pool, "alice");
  await pool.query("DELETE FROM vps_notification_events");
});
afterEach(async () => void (await Promise.all(running.splice(0).map((one) => one.stop()))));

describe("the time for which a message is tried", () => {
  const LONG_AGO = "now() - interval '73 hours'";

  /** By a target that answers 410, then 503, then 204. */
  async function paused() {
    const answers = [410];
    const { port } = await serve((_, response) => void response.writeHead(answers.shift() ?? 204).end());
    const first = await start([webhook("backend", port)]);
    await fail("alice");
    await until("the pause", async () => (await target("backend")).pausedAt);
    await pool.query(`UPDATE vps_notifications SET pending_since = ${LONG_AGO}`);
    answers.push(503);
    return { port, first };
  }
  const delivered = () => until("the message", async () => {
    const [{ state, attempts }] = (await messages("backend")) as [NotificationMessage];
    assert.notEqual(state, "given_up", "given up at the first try after it could be tried again");
    return state === "delivered" && attempts >= 2;
  });

  it("begins anew where an operator resumes a target that had said that it is gone", async () => {
    await paused();
    assert.equal(await resumeTarget(pool, "backend"), true);
    await delivered();
  });

  it("begins anew where such a target gets other settings", async () => {
    const { port, first } = await paused();
    await first.stop();
    await start([webhook("backend", port, { secrets: [OTHER_SECRET] })]);
    await delivered();
  });

  it("begins anew where a target that was taken out of the settings is there again", async () => {
    let status = 503;
    const { port } = await serve((_, response) => void response.writeHead(status).end());
    const first = await start([webhook("backend", port)]);
    await fail("alice");
    await until("a try", async () => (await messages("backend"))[0]?.lastError);
    await first.stop();
    await (await start([])).stop();
    await pool.query(`UPDATE vps_notifications SET pending_since = ${LONG_AGO}, last_error = NULL`);
    await start([webhook("backend", port)]);
    await until("another try", async () => (await messages("backend"))[0]!.lastError);
    status = 204;
    await delivered();
  });

  it("goes on where nothing kept the target from being tried: a resumption of what was not paused, or a worker that starts anew", async () => {
    const { port } = await serve((_, response) => void response.writeHead(503).end());
    const first = await start([webhook("backend", port)]);
    await fail("alice");
    await until("a try", async () => (await messages("backend"))[0]?.lastError);
    await first.stop();
    await pool.query(`UPDATE vps_notifications SET pending_since = ${LONG_AGO}`);
    const since = async () => (await messages("backend"))[0]!.pendingSince.getTime();
    const before = await since();
    await resumeTarget(pool, "backend");
    await start([webhook("backend", port)]);
    assert.equal(await since(), before);
    await until("its end", async () => (await messages("backend"))[0]!.state === "given_up");
  });
});
