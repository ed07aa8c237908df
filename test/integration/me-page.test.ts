/** The user's page in Chromium, in each of its states: what it says, by keyboard alone, and that it is accessible. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { beginPhase, finishRun, saveCredentials, saveVpsResult, setVpsStatus, startRun } from "../../src/records/index.ts";
import { atEnd } from "../support/at-end.ts";
import { assertAccessible } from "../support/axe.ts";
import { openBrowser, type Browser } from "../support/browser.ts";
import { withListeningApp } from "../support/http-app.ts";
import { passOn, serveHttps } from "../support/https-proxy.ts";
import { needing } from "../support/needs.ts";
import { asUser } from "../support/tokens.ts";

const USERNAME = "ada";
const USER_ID = `user_${USERNAME}`;

/** Another site, with the page in a frame of it. */
let embedding = "";
const embedder = createServer((_request, response) => response.writeHead(200, { "content-type": "text/html" }).end(embedding));
await once(embedder.listen(0, "127.0.0.1"), "listening");
atEnd(() => { embedder.closeAllConnections(); embedder.close(); });
const embedderUrl = `http://127.0.0.1:${(embedder.address() as AddressInfo).port}`;

/** The same over HTTPS, where it is another site than 127.0.0.1. */
const secureEmbedder = await serveHttps((_request, response) => response.writeHead(200, { "content-type": "text/html" }).end(embedding));

const { app, pool, jobs, cipher, address } = await withListeningApp({ env: { TRUST_PROXY: "1",  USER_ACTIONS: "restart,rotate-credentials,ssh-key,snapshot,restore", USER_PAGE_HELP_URL: "https://help.example.com/", USER_PAGE_FRAME_ANCESTORS: `${embedderUrl},https://localhost:${secureEmbedder}` } });

describe("the user's page", needing("browser"), () => {
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];
  const urls: string[] = [];

  beforeAll(async () => {
    browser = await openBrowser();
    page = await browser.context.newPage();
    page.setDefaultTimeout(30_000);
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => { if (/Content Security Policy|Trusted/i.test(message.text())) complaints.push(message.text()); });
    page.on("request", (request) => urls.push(request.url()));
  });

  afterAll(() => browser.close());

  const handOver = async (): Promise<{ url: string; code: string }> => (await fetch(`${address}/api/vps/hand-over`, { method: "POST", headers: await asUser(USERNAME) })).json() as Promise<{ url: string; code: string }>;
  const heading = (name: RegExp | string) => page.getByRole("heading", { name }).waitFor();

  it("tells who comes without a session where to go", async () => {
    await page.goto(`${address}/me`);
    await heading("You are signed out");
    await assertAccessible(page, "signed out");
  });

  it("takes the code out of the address at once, and keeps the user signed in by a cookie", async () => {
    const { url, code } = await handOver();
    // From another page, as a user comes; with /me open already, the page loads itself anew.
    await page.goto("about:blank");
    await page.goto(url);
    await heading("You have no server yet");
    assert.equal(page.url(), `${address}/me`);
    assert.equal(await page.evaluate("document.cookie"), "");
    assert.ok(urls.every((asked) => !asked.includes(code)), "no request has the code in its address");
    await assertAccessible(page, "no VPS");
  });

  it("shows the place in the queue, live", async () => {
    for (const name of ["first", USERNAME]) await app.inject({ method: "POST", url: "/api/vps/provision", headers: await asUser(name) });
    await heading("You are number 2 of 2 in line");
    await assertAccessible(page, "queued");
    await setVpsStatus(pool, "user_first", { status: "provisioning" });
    await heading("You are next in line");
  });

  it("shows the steps and what is left, in words for users", async () => {
    await setVpsStatus(pool, USER_ID, { status: "provisioning" });
    await startRun(pool, { runId: "run-1", userId: USER_ID, username: USERNAME, operation: "up", workerId: "w", hostId: "h", pid: 1 });
    await beginPhase(pool, { runId: "run-1", userId: USER_ID, phase: "vm" });
    await heading("Your server is starting and installing");
    await page.getByText("This usually takes some minutes.").waitFor();
    assert.deepEqual(await page.locator("#steps li.done, #steps li.active").evaluateAll((all: { dataset: { step: string } }[]) => all.map((one) => one.dataset.step)), ["queue", "order", "start"]);
    await assertAccessible(page, "provisioning");
    await setVpsStatus(pool, USER_ID, { status: "queued", phase: "queued", errorCode: "API_UNAVAILABLE", reason: "Hostinger answered 503 to POST /api/vps/v1/virtual-machines", waitingFor: "the next try" });
    await heading("It did not work the first time, so we are trying again");
    assert.doesNotMatch(await page.locator("body").innerText(), /Hostinger|API_UNAVAILABLE|503/);
  });

  it("says what happens next after a failure, without the engine's words", async () => {
    await setVpsStatus(pool, USER_ID, { status: "failed", errorCode: "HEALTH_TIMEOUT", reason: "TLS: no certificate", nextStep: "user-vps retry ada" });
    await page.getByRole("alert").filter({ hasText: "Your server could not be set up" }).waitFor();
    await page.getByText("You need not do anything, and it costs you nothing.").waitFor();
    assert.doesNotMatch(await page.locator("body").innerText(), /TLS|HEALTH|user-vps retry/);
    await assertAccessible(page, "failed");
  });

  it("shows the password in two steps, by keyboard alone; a lost answer loses nothing", async () => {
    await saveVpsResult(pool, USER_ID, { address: "127.0.0.2", url: "https://ada.spoq.dev", hostingerVmId: 17, sshHostKey: "ssh-ed25519 AAAA" });
    await saveCredentials(pool, cipher, USER_ID, { username: "spoq", hostname: "ada.spoq.dev", password: "fake-Password-1", jwtSecret: "fake-jwt-secret" }, 1);
    await finishRun(pool, "run-1", { outcome: "succeeded", seconds: 1 });
    await setVpsStatus(pool, USER_ID, { status: "ready", phase: "done" });
    await page.getByText("ssh spoq@ada.spoq.dev", { exact: true }).waitFor();
    await page.getByText(/^SHA256:/).waitFor();
    const reveal = page.getByRole("button", { name: "Show my password" });
    await reveal.waitFor();
    await assertAccessible(page, "ready");
    // The answer is lost on its way: the service has shown it, the browser has nothing.
    await page.route("**/api/vps/credentials", async (route) => { await route.fetch(); await route.abort(); }, { times: 1 });
    await tabTo("Show my password");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Show it again" }).waitFor();
    await tabTo("Show it again");
    await page.keyboard.press("Enter");
    await page.getByText("fake-Password-1").waitFor();
    await assertAccessible(page, "credentials");
    const download = page.waitForEvent("download");
    await tabTo("Download as a file");
    await page.keyboard.press("Enter");
    const file = await download;
    assert.equal(file.suggestedFilename(), "ada.spoq.dev.txt");
    assert.match(await text(await file.createReadStream()), /Password: fake-Password-1\nSecret/);
    await page.reload();
    await page.getByRole("button", { name: "Show it again" }).click();
    await page.getByText("fake-Password-1").waitFor();
    await tabTo("I have them");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Get a new password…" }).waitFor();
    assert.doesNotMatch(await page.content(), /fake-Password-1/);
    assert.equal((await pool.query("SELECT FROM vps_credentials WHERE user_id = $1", [USER_ID])).rowCount, 0);
    await assertAccessible(page, "acknowledged");
  });

  it("asks for new credentials, restarts, takes a key and a snapshot, each after a question", async () => {
    jobs.enqueued.length = 0;
    await tabTo("Get a new password…");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Get a new password?" }).waitFor();
    await assertAccessible(page, "a question");
    await page.keyboard.press("Escape");
    assert.deepEqual(jobs.enqueued, []);
    await answer("Get a new password…", "New password");
    await answer("Restart", "Restart");
    await answer("Make a snapshot", "Make a snapshot");
    await page.getByRole("button", { name: "SSH key" }).click();
    await page.keyboard.type("not a key");
    await page.getByRole("dialog").getByRole("button", { name: "SSH key" }).click();
    await page.getByRole("alert").filter({ hasText: "That is no public key." }).waitFor();
    await assertAccessible(page, "a wrong key");
    await page.keyboard.press("Escape");
    assert.deepEqual(jobs.enqueued.map(({ operation, action }) => [operation, action]), [["up", undefined], ["power", "restart"], ["snapshot", undefined]]);
  });

  it("tells what became of a restart and a snapshot, though they change no status", async () => {
    await page.reload();
    /** A worker begins only after the page has looked. */
    const askFor = async (button: string) => {
      const looked = page.waitForResponse((got) => got.request().method() === "POST").then(() => page.waitForResponse("**/api/vps/self-service"));
      await answer(button, button);
      await looked;
    };
    const perform = async (operation: "power" | "snapshot", outcome: "succeeded" | "failed") => {
      const runId = `run-${operation}`;
      await startRun(pool, { runId, userId: USER_ID, username: USERNAME, operation, workerId: "w", hostId: "h", pid: 1 });
      await page.getByText("being done …").waitFor();
      await finishRun(pool, runId, { outcome, seconds: 1 });
    };
    await askFor("Restart");
    await perform("power", "failed");
    await page.getByText(/^Restart: did not work, /).waitFor();
    await askFor("Make a snapshot");
    await perform("snapshot", "succeeded");
    await page.getByText(/^Snapshot: done, /).waitFor();
    await page.getByRole("button", { name: "Go back to the snapshot" }).waitFor();
  });

  it("shows credentials that were made anew in place of those that it has shown", async () => {
    const make = (rotation: number) => saveCredentials(pool, cipher, USER_ID, { username: "spoq", hostname: "ada.spoq.dev", password: `fake-Password-${rotation}`, jwtSecret: "fake-jwt-secret" }, rotation);
    const showThem = async (rotation: number) => {
      await page.getByRole("button", { name: "Show my password" }).click();
      await page.getByText(`fake-Password-${rotation}`).waitFor();
    };
    await make(2);
    await showThem(2);
    await make(3);
    await showThem(3);
    assert.doesNotMatch(await page.content(), /fake-Password-2/);
    // The page has missed that there are others.
    await page.route("**/api/vps/credentials/acknowledge", (route) => route.fulfill({ status: 409, json: { error: { code: "CREDENTIALS_NOT_READY", message: "no credentials have been shown" } } }), { times: 1 });
    await page.getByRole("button", { name: "I have them" }).click();
    await page.getByRole("button", { name: "Show it again" }).click();
    await page.getByRole("button", { name: "I have them" }).click();
    await page.getByRole("button", { name: "Get a new password…" }).waitFor();
  });

  it("does not go on showing a password that is none any more where no event told that it was shown", async () => {
    const make = (rotation: number) => saveCredentials(pool, cipher, USER_ID, { username: "spoq", hostname: "ada.spoq.dev", password: `fake-Password-${rotation}`, jwtSecret: "fake-jwt-secret" }, rotation);
    let mayGo = Promise.withResolvers<void>();
    mayGo.resolve();
    const headers = await asUser(USERNAME);
    await page.route("**/api/vps/events", async (route) => {
      await mayGo.promise;
      const status = await (await fetch(`${address}/api/vps/status`, { headers })).text();
      await route.fulfill({ contentType: "text/event-stream", body: `retry: 50\nevent: status\ndata: ${status}\n\n` });
    });
    await make(4);
    await page.reload();
    await page.getByRole("button", { name: "Show my password" }).waitFor();
    mayGo = Promise.withResolvers();
    await page.getByRole("button", { name: "Show my password" }).click();
    await page.getByText("fake-Password-4").waitFor();
    await page.getByRole("button", { name: "I have them" }).waitFor();
    await make(5);
    mayGo.resolve();
    await page.getByRole("button", { name: "Show my password" }).click();
    await page.getByText("fake-Password-5").waitFor();
    assert.doesNotMatch(await page.content(), /fake-Password-4/);
    await page.getByRole("button", { name: "I have them" }).click();
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await page.reload();
    await page.getByRole("button", { name: "Get a new password…" }).waitFor();
  });

  it("does what is asked for also after the same user was handed over anew in another tab, and nothing for another user", async () => {
    const handOverElsewhere = async (username: string) => {
      const { code } = await (await fetch(`${address}/api/vps/hand-over`, { method: "POST", headers: await asUser(username) })).json() as { code: string };
      assert.ok((await page.context().request.post(`${address}/me/session`, { data: { code } })).ok());
    };
    jobs.enqueued.splice(0);
    await handOverElsewhere(USERNAME);
    await answer("Restart", "Restart");
    assert.deepEqual(jobs.enqueued.splice(0).map(({ userId, operation }) => [userId, operation]), [[USER_ID, "power"]]);
    await handOverElsewhere("first");
    await page.getByRole("button", { name: "Restart", exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Restart" }).click();
    await heading("first.spoq.dev");
    assert.deepEqual(jobs.enqueued, []);
    await handOverElsewhere(USERNAME);
    await page.reload();
    await heading("ada.spoq.dev");
  });

  it("asks for something once, however often its button is pressed, and again after a failure", async () => {
    jobs.enqueued.splice(0);
    const { promise: isHeld, resolve: letGo } = Promise.withResolvers<void>();
    let asked = 0;
    await page.route("**/api/vps/restore", async (route) => {
      asked += 1;
      await isHeld;
      if (asked === 1) return route.fulfill({ status: 503, json: { error: { code: "NOT_READY", message: "The database is away." } } });
      await route.continue();
    });
    await page.getByRole("button", { name: "Go back to the snapshot" }).click();
    const yes = page.getByRole("dialog").getByRole("button", { name: "Go back to the snapshot" });
    await yes.evaluate((button: { click(): void }) => { for (let press = 0; press < 3; press += 1) button.click(); });
    await page.getByRole("dialog").locator("button[aria-busy=true][aria-disabled=true]").waitFor();
    letGo();
    await page.getByRole("dialog").getByRole("alert").waitFor();
    assert.deepEqual([asked, jobs.enqueued.length], [1, 0]);
    await yes.click();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.unroute("**/api/vps/restore");
    assert.deepEqual([asked, jobs.enqueued.splice(0).map(({ operation }) => operation)], [2, ["restore"]]);
  });

  it("takes the code when the service answers again, without being loaded anew", async () => {
    await page.context().clearCookies();
    await page.route("**/me/texts*", (route) => route.abort(), { times: 1 });
    await page.route("**/me/session", (route) => route.fulfill({ status: 503, json: { error: { code: "NOT_READY", message: "The database is away." } } }), { times: 1 });
    await page.route("**/api/vps/self-service", (route) => route.abort(), { times: 1 });
    await page.goto("about:blank");
    await page.goto((await handOver()).url);
    await page.getByText("The page keeps trying.").waitFor();
    await heading("ada.spoq.dev");
    await page.getByRole("alert").filter({ hasText: "keeps trying" }).waitFor({ state: "hidden" });
    await page.getByText("ssh spoq@ada.spoq.dev", { exact: true }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Sign out" }).count(), 1);
  });

  it("speaks German to whoever chooses it", async () => {
    await page.getByRole("combobox", { name: "Language" }).selectOption("de");
    await page.getByRole("heading", { name: "Zugang" }).waitFor();
    assert.equal(await page.evaluate("document.documentElement.lang"), "de");
    await assertAccessible(page, "German");
    await page.getByRole("combobox", { name: "Sprache" }).selectOption("en");
    await page.getByRole("heading", { name: "Access" }).waitFor();
  });

  it("says so when the VPS is suspended or being removed", async () => {
    await setVpsStatus(pool, USER_ID, { status: "suspended", reason: "Suspended by an operator: unpaid" });
    await page.getByRole("alert").filter({ hasText: "Your server is suspended" }).waitFor();
    await assertAccessible(page, "suspended");
    await setVpsStatus(pool, USER_ID, { status: "deprovisioning" });
    await page.getByRole("alert").filter({ hasText: "Your server is being removed" }).waitFor();
  });

  it("stands in a frame of a site that the setting names, by its custom element", async () => {
    await setVpsStatus(pool, USER_ID, { status: "ready", phase: "done" });
    const { code } = await handOver();
    embedding = `<!doctype html><script type="module" src="${address}/me/embed.js"></script><user-vps-page code="${code}"></user-vps-page>`;
    await page.goto(embedderUrl);
    await page.frameLocator("iframe").getByRole("heading", { name: "ada.spoq.dev" }).waitFor();
    assert.equal(await page.locator("user-vps-page").getAttribute("code"), null);
  });

  it("keeps its session in a frame of another site, by a cookie that is that site's alone", async () => {
    const service = `https://127.0.0.1:${await serveHttps(passOn(address))}`;
    const element = (code: string) => `<!doctype html><script type="module" src="${service}/me/embed.js"></script><user-vps-page${code}></user-vps-page>`;
    // As browsers do by and by: no cookie goes to a third party but one that is kept apart for the site around it.
    const other = await openBrowser({ anyCertificate: true, args: ["--test-third-party-cookie-phaseout"] });
    try {
      const around = await other.context.newPage();
      around.setDefaultTimeout(30_000);
      const inFrame = around.frameLocator("iframe").getByRole("heading", { name: "ada.spoq.dev" });
      embedding = element(` code="${(await handOver()).code}"`);
      await around.goto(`https://localhost:${secureEmbedder}/`);
      await inFrame.waitFor();
      embedding = element("");
      await around.reload();
      await inFrame.waitFor();
      const [cookie] = (await other.context.cookies()).filter(({ name }) => name === "__Host-user-vps-me");
      assert.deepEqual([cookie?.sameSite, cookie?.secure, cookie?.httpOnly, cookie?.partitionKey], ["None", true, true, "https://localhost"]);
      jobs.enqueued.splice(0);
      await around.frameLocator("iframe").getByRole("button", { name: "Restart" }).first().click();
      await around.frameLocator("iframe").getByRole("dialog").getByRole("button", { name: "Restart" }).click();
      await around.frameLocator("iframe").getByRole("dialog").waitFor({ state: "hidden" });
      assert.deepEqual(jobs.enqueued.splice(0).map(({ operation }) => operation), ["power"]);
      await around.goto(`${service}/me`);
      await around.getByRole("heading", { name: "You are signed out" }).waitFor();

      // A site that the setting does not name shows nothing of it.
      await around.goto(`https://127.0.0.1:${secureEmbedder}/`);
      for (let looks = 0; looks < 100 && !around.frames().some((frame) => frame.url().startsWith("chrome-error:")); looks += 1) await around.waitForTimeout(100);
      assert.equal(await inFrame.count(), 0);
      assert.ok(around.frames().some((frame) => frame.url().startsWith("chrome-error:")), "the frame is refused");
    } finally {
      await other.close();
    }
  });
  it("forgets the user by signing out, and has broken no rule of its policy", async () => {
    await page.goto(`${address}/me`);
    await page.getByRole("button", { name: "Sign out" }).click();
    await heading("You are signed out");
    assert.doesNotMatch(await page.content(), /ada\.spoq\.dev|fake-/);
    assert.deepEqual(complaints, []);
  });

  async function answer(button: string, yes: string): Promise<void> {
    await page.getByRole("button", { name: button, exact: true }).first().click();
    await page.getByRole("dialog").getByRole("button", { name: yes }).click();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
  }

  async function tabTo(name: string): Promise<void> {
    const target = page.getByRole("button", { name, exact: true });
    await target.waitFor();
    for (let presses = 0; presses < 40; presses += 1) {
      if (await target.evaluate((element: { ownerDocument: { activeElement: unknown } }) => element.ownerDocument.activeElement === element)) return;
      await page.keyboard.press("Tab");
    }
    assert.fail(`'${name}' is not reached by the Tab key`);
  }
});
