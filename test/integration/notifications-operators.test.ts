import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "vitest";
import { checkNotifications } from "../../src/doctor/notifications.ts";
import type { NotificationTarget } from "../../src/config/index.ts";
import type { NotificationTargetView, NotificationView } from "../../src/http/routes/notifications.ts";
import { startNotifications } from "../../src/notifications/index.ts";
import { setVpsStatus } from "../../src/records/index.ts";
import { atEnd } from "../support/at-end.ts";
import { assertAccessible } from "../support/axe.ts";
import { openBrowser } from "../support/browser.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { needing } from "../support/needs.ts";
import { insertReadyUser } from "../support/ready-user.ts";
import { asUser } from "../support/tokens.ts";
import { runCli, runJson } from "./cli-support.ts";
import { operatorsWorld } from "./operators-support.ts";
import { until } from "../support/until.ts";

const { address, env, pool } = await operatorsWorld();
eachBeginsEmpty({ pool });

const requests: string[] = [];
let status = 500;
const receiver = createServer((request, response) => {
  requests.push(request.method!);
  request.resume().on("end", () => response.writeHead(status).end());
});
await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
atEnd(() => new Promise((resolve) => receiver.close(resolve)));

const SECRET = `whsec_${Buffer.from("fake-secret-of-webhooks-for-tests").toString("base64")}`;
const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/fake-path`;
const targets: NotificationTarget[] = [{ format: "webhook", name: "backend", url, secrets: [SECRET], events: ["vps.failed"] }];

/** Alice's VPS has failed, of which the receiver is told by a worker until the test ends; it answers so. */
async function tellOfAlice(answered: number): Promise<void> {
  status = answered;
  const notifications = await startNotifications({
    pool, workerId: "worker", log: () => undefined, redact: (text) => text, pauses: { message: { firstMs: 50, longestMs: 200 }, target: { firstMs: 50, longestMs: 200 } },
    settings: { notificationTargets: targets, notificationTargetsFile: undefined, notificationTimeoutSeconds: 1, notificationGroupSeconds: 0, notificationGiveUpHours: 72 },
  });
  atEnd(() => notifications.stop());
  await insertReadyUser(pool, "alice");
  await setVpsStatus(pool, "alice", { status: "failed", errorCode: "VM_ERROR", reason: "an example", nextStep: "Look." });
}
async function outage(): Promise<void> {
  await tellOfAlice(500);
  await until("an outage", async () => (await target()).failures >= 3);
}
const delivered = () => until("the message to be delivered", async () => (await list()).items[0]?.state === "delivered" && (await target()).pending === 0);

const get = async <T>(path: string): Promise<T> => (await fetch(`${address}/api/admin/${path}`, { headers: { authorization: `Bearer ${env.USER_VPS_TOKEN}` } })).json() as Promise<T>;
const list = () => get<{ items: NotificationView[] }>("notifications");
const target = async () => (await get<{ items: NotificationTargetView[] }>("notification-targets")).items[0]!;

describe("operators", () => {
  it("see who is told what, and why a message did not arrive; nobody else does", async () => {
    await outage();
    const { name, format, address: where, events, pending, lastError } = await target();
    assert.deepEqual({ name, format, where, events, pending, lastError }, { name: "backend", format: "webhook", where: new URL(url).host, events: ["vps.failed"], pending: 1, lastError: "answered 500" });
    const { items: [message] } = await list();
    assert.deepEqual([message!.state, message!.events[0]!.username, message!.lastError], ["pending", "alice", "answered 500"]);
    for (const path of ["notifications", "notification-targets"]) assert.equal((await fetch(`${address}/api/admin/${path}`, { headers: await asUser("alice") })).status, 403, path);
  });

  it("see it in the metrics", async () => {
    await outage();
    const text = await (await fetch(`${address}/metrics`)).text();
    assert.match(text, /^user_vps_notifications_pending\{target="backend"\} 1$/m);
    assert.match(text, /^user_vps_notification_target_failures\{target="backend"\} \d+$/m);
    assert.match(text, /^user_vps_notifications_oldest_pending_seconds\{target="backend"\} [\d.]+$/m);
  });

  it("see and do it by command line, and have it written down in the audit", async () => {
    await outage();
    const shown = await runCli(["notification", "targets"], { env });
    assert.match(shown.stdout, /backend +webhook +127\.0\.0\.1:\d+ +vps\.failed +\d+ failures: answered 500 +1/);
    status = 204;
    await runJson(["notification", "resume", "backend", "--reason", "it is back"], { env });
    await delivered();
    const [{ id }] = await runJson<[NotificationView]>(["notification", "list", "--state", "delivered"], { env });
    assert.match((await runCli(["notification", "list"], { env })).stdout, new RegExp(`${id} +backend +delivered +vps\\.failed alice`));
    const before = requests.length;
    assert.match((await runCli(["notification", "resend", id], { env })).stdout, /is sent to backend again/);
    await until("it again", async () => requests.length > before && (await target()).pending === 0);
    assert.match((await runCli(["notification", "test", "backend"], { env })).stdout, /backend will be told/);
    await until("the test", async () => (await list()).items[0]!.events[0]!.type === "test" && (await target()).pending === 0);
    assert.match((await runCli(["notification", "resend", "nobody"], { env })).stderr, /There is no target 'nobody'/);
    assert.match((await runCli(["notification", "resend", `msg_${"0".repeat(32)}`], { env })).stderr, /There is no message/);
    const { items } = await get<{ items: { path: string; reason: string | null }[] }>("audit?limit=20");
    assert.ok(items.some(({ path, reason }) => path === "/api/admin/notification-targets/backend/resume" && reason === "it is back"));
  });
});

describe("doctor", () => {
  const settings = (list: readonly object[]) => ({
    DATABASE_URL: "postgres://unused@127.0.0.1/unused", CREDENTIALS_KEYS: `k1:${Buffer.alloc(32, 7).toString("base64")}`, HOSTINGER_API_KEY: "fake-hostinger-token", CLOUDFLARE_API_TOKEN: "fake-cloudflare-token", CLOUDFLARE_ZONE_ID: "zone",
    PULUMI_CONFIG_PASSPHRASE: "fake-passphrase", CONDUCTOR_URL: "https://downloads.example.com/conductor", CLI_URL: "https://downloads.example.com/spoq", NOTIFICATION_TARGETS: JSON.stringify(list),
  });
  const look = (list: readonly object[]) => checkNotifications({ env: settings(list), signal: AbortSignal.timeout(30_000) });
  const backend = { name: "backend", webhook: url, secret: SECRET };

  it("looks whether each target answers, and tells it nothing", async () => {
    status = 405;
    requests.length = 0;
    assert.deepEqual(await look([backend]), { check: "notifications", result: "ok", found: "backend answers HEAD with 405" });
    assert.deepEqual(requests, ["HEAD"]);
    const { result, found } = await look([backend, { name: "mail", email: "a@example.com", from: "b@example.com", smtp: "smtp://127.0.0.1:1" }, { ...backend, name: "closed", webhook: "http://127.0.0.1:1/" }]);
    assert.equal(result, "failed");
    assert.match(found, /backend answers HEAD with 405; mail .*ECONNREFUSED.*; closed no answer: /);
  });

  it("says so where nobody is told anything", async () => {
    assert.equal((await look([])).result, "skipped");
  });
});

describe("the operators' page of notifications", needing("browser"), () => {
  it("shows targets and messages, filters them by its address, and sends again", async () => {
    const browser = await openBrowser();
    try {
      const page = await browser.context.newPage();
      const problems: string[] = [];
      page.on("pageerror", (error) => problems.push(String(error)));
      page.on("console", (message) => { if (/Content Security Policy/.test(message.text())) problems.push(message.text()); });
      await tellOfAlice(204);
      await delivered();
      await page.goto(`${address}/notifications?state=delivered`);
      await page.getByLabel("Operator's token").fill(env.USER_VPS_TOKEN);
      await page.getByRole("button", { name: "Log in" }).click();
      await page.getByRole("heading", { name: "Notifications" }).waitFor();
      const row = page.getByRole("region", { name: "Messages" }).getByRole("row").filter({ hasText: "vps.failed" });
      await row.getByText("delivered").waitFor();
      const before = requests.length;
      await row.getByRole("button", { name: /^Send again/ }).click();
      await page.getByText("It is sent again, with the same id.").waitFor();
      await until("it again", async () => requests.length > before);
      await page.getByLabel("State").selectOption("given_up");
      await page.getByText("There is no such message.").waitFor();
      assert.equal(new URL(page.url()).search, "?state=given_up");
      await page.getByRole("button", { name: "Test: backend" }).click();
      await page.getByText("backend will be told a test.").waitFor();
      await assertAccessible(page);
      assert.deepEqual(problems, []);
    } finally {
      await browser.close();
    }
  });
});
