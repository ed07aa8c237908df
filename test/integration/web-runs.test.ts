/** What the page of one user tells of its runs and its VPS, and the audit, in Chromium; records alone, no engine. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { appendRunLog, finishRun, startRun } from "../../src/records/index.ts";
import type { RunResource } from "../../src/records/index.ts";
import { assertAccessible } from "../support/axe.ts";
import { needing } from "../support/needs.ts";
import { openOperatorsBrowser, type OperatorsBrowser } from "../support/operators-browser.ts";
import { operatorsWorld } from "./operators-support.ts";

const { address, answers, env, pool, runOf, user } = await operatorsWorld();
const who = { username: "rita", workerId: "w", hostId: "h", pid: 1 } as const;
const LINES = 400;

const RESOURCES: RunResource[] = [
  { type: "VirtualMachine", name: "vm", operation: "same", seconds: 0, id: "17923", outputs: { ipv4: "192.0.2.7" } },
  { type: "DnsRecord", name: "record", operation: "update", seconds: 1, id: "rec-1", changed: [{ name: "ttl", before: "60", after: "300" }] },
];

describe("a user's page", needing("browser"), () => {
  let the: OperatorsBrowser;
  beforeAll(async () => {
    const userId = await user("rita");
    await startRun(pool, { ...who, runId: "run-repair", userId, operation: "up" }, { kind: "repair", requestedBy: "olga@example.com", reason: "the record leads elsewhere" });
    await finishRun(pool, "run-repair", { outcome: "succeeded", seconds: 3, resourceChanges: { same: 1, update: 1 }, resources: RESOURCES });
    await startRun(pool, { ...who, runId: "run-now", userId, operation: "up" }, { kind: "signup", requestedBy: userId, reason: null });
    await appendRunLog(pool, "run-now", Array.from({ length: LINES }, (_, number) => `line ${number + 1}${number === 9 ? ": error: an example" : ""}`));
    the = await openOperatorsBrowser({ address });
  });
  afterAll(() => the.close());
  const run = (id: string) => the.page.locator(`#run-${id}`);
  const log = () => run("run-now").getByRole("region", { name: "Log of the run run-now" });
  const isAtEnd = () => log().evaluate((pre) => pre.scrollHeight - pre.scrollTop - pre.clientHeight < 8);

  it("tells who or what caused each run, and what it changed, property by property", async () => {
    await the.open("/users/rita");
    await run("run-repair").getByText("repair by olga@example.com: the record leads elsewhere").first().waitFor();
    await run("run-now").getByText("signup").first().waitFor();
    await run("run-repair").locator("summary").click();
    const cells = await run("run-repair").locator("table.changes tbody tr").first().locator("th, td").allTextContents();
    assert.deepEqual(cells, ["record", "ttl", "60", "300"]);
    await assertAccessible(the.page);
  });

  it("shows the stack's resources with ids and outputs, in the order in which one needs the other", async () => {
    const resources = the.page.locator("#resources [data-resource]");
    assert.deepEqual(await resources.evaluateAll((all) => all.map((one) => one.getAttribute("data-resource"))), ["vm", "record"]);
    assert.match((await resources.first().textContent()) ?? "", /17923[\s\S]*192\.0\.2\.7/);
  });

  it("follows the end of a log that goes on, until one scrolls up, and from its end again", async () => {
    await run("run-now").locator("summary").click();
    await log().locator(`[data-line="${LINES}"]`).waitFor();
    assert.ok(await isAtEnd());
    await appendRunLog(pool, "run-now", ["one more line"]);
    await log().locator(`[data-line="${LINES + 1}"]`).waitFor();
    assert.ok(await isAtEnd());
    await log().evaluate((pre) => { pre.scrollTop = 0; });
    await run("run-now").getByRole("checkbox", { name: "Follow the end", checked: false }).waitFor();
    await appendRunLog(pool, "run-now", ["yet another line"]);
    await log().locator(`[data-line="${LINES + 2}"]`).waitFor({ state: "attached" });
    assert.equal(await log().evaluate((pre) => pre.scrollTop), 0);
    await log().evaluate((pre) => { pre.scrollTop = pre.scrollHeight; });
    await run("run-now").getByRole("checkbox", { name: "Follow the end", checked: true }).waitFor();
    await appendRunLog(pool, "run-now", ["the last line"]);
    await log().locator(`[data-line="${LINES + 3}"]`).waitFor();
    assert.ok(await isAtEnd());
  });

  it("goes on with the log when the service is there again", async () => {
    const path = "**/api/admin/runs/run-now/log?*";
    const isAway = Promise.all([the.page.waitForEvent("requestfailed", (request) => request.url().includes("/run-now/log")), the.page.waitForResponse((answer) => answer.status() === 503)]);
    await the.page.route(path, (route) => route.fulfill({ status: 503, json: { error: { code: "NOT_READY", message: "The database is away." } } }), { times: 1 });
    await the.page.route(path, (route) => route.abort(), { times: 1 });
    await isAway;
    await appendRunLog(pool, "run-now", ["a line after the outage"]);
    await log().locator(`[data-line="${LINES + 4}"]`).waitFor();
  });

  it("marks lines that tell of a failure, and has an address for each line", async () => {
    await run("run-now").getByRole("button", { name: "1 line tells of a failure" }).click();
    assert.match((await log().locator(".line.marked").textContent()) ?? "", /line 10: error: an example/);
    await the.open("/users/rita#run-run-now-line-20");
    assert.match((await log().locator(".line.marked").textContent()) ?? "", /line 20/);
    await assertAccessible(the.page);
  });

  it("shows the boot log that a worker reads, with the step, and why there is none", async () => {
    const lines = ["=== install caddy", "E: no such package"];
    answers.bootLog = { address: "192.0.2.7", hostKeyFingerprint: "SHA256:example", hostKeyVerified: true, outcome: "failed", step: { number: 3, of: 9, title: "install caddy" }, exitStatus: 100, lines, lastLines: lines, mayPass: false, begun: true } as unknown as typeof answers.bootLog;
    await the.page.locator("#read-boot").click();
    await the.page.locator("#boot").getByText("The script stopped.").waitFor();
    assert.match((await the.page.locator("#boot").textContent()) ?? "", /install caddy[\s\S]*E: no such package/);
    await assertAccessible(the.page);
    answers.bootLog = undefined;
    await the.page.locator("#read-boot").click();
    await the.page.locator("#boot .problem").waitFor();
  });
});

describe("the page of a user whom nothing is done for", needing("browser"), () => {
  let the: OperatorsBrowser;
  beforeAll(async () => {
    await user("rosa");
    the = await openOperatorsBrowser({ address });
  });
  afterAll(() => the.close());

  it("shows what became of a restart that was asked for, though it changes no status", async () => {
    await the.open("/users/rosa");
    await the.page.locator("#runs").getByText("None yet.").waitFor();
    await the.page.getByRole("button", { name: "Restart…" }).click();
    await the.page.getByLabel("Why, for the record").fill("an example");
    await the.page.getByRole("button", { name: "Restart", exact: true }).click();
    await the.page.getByText("Restart: asked for.").waitFor();
    await the.page.locator("#history").getByText("an example").waitFor();
    await runOf("rosa", "power", "failed");
    await the.page.locator("#runs summary", { hasText: "power" }).filter({ hasText: "failed" }).waitFor();
  });
});

describe("the audit's page", needing("browser"), () => {
  let the: OperatorsBrowser;
  beforeAll(async () => {
    for (const username of ["ruth", "sven"]) await user(username);
    for (const username of ["ruth", "sven"]) await fetch(`${address}/api/admin/vps/${username}/rotate-credentials`, { method: "POST", headers: { authorization: `Bearer ${env.USER_VPS_TOKEN}`, "content-type": "application/json" }, body: JSON.stringify({ reason: "an example" }) });
    the = await openOperatorsBrowser({ address });
  });
  afterAll(() => the.close());

  it("tells who did what, is filtered by its address, and stays accessible with filters", async () => {
    await the.open("/audit");
    await the.page.getByRole("row", { name: /operator_1/ }).nth(1).waitFor();
    await assertAccessible(the.page);
    await the.open("/audit?username=ruth");
    const rows = the.page.getByRole("row", { name: /operator_1/ });
    await rows.first().waitFor();
    assert.equal(await rows.count(), 1);
    assert.match((await rows.first().textContent()) ?? "", /ruth/);
    await assertAccessible(the.page);
  });

  it("ran without an error of a script and within its content security policy", () => assert.deepEqual(the.complaints, []));
});
