/** Operators' pages in Chromium of which an answer fails, or comes too often: records alone, no engine. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { sleep } from "../../providers/core/time.ts";
import { VARIABLES } from "../../src/config/variables.ts";
import { appendRunLog, requestVps, saveVpsResult, setVpsStatus, startRun } from "../../src/records/index.ts";
import { withListeningApp } from "../support/http-app.ts";
import { needing } from "../support/needs.ts";
import { openOperatorsBrowser, type OperatorsBrowser } from "../support/operators-browser.ts";

const limit = Number(VARIABLES.rateLimitPerMinute.byDefault);
const { address, pool, jobs } = await withListeningApp({ env: { RATE_LIMIT_PER_MINUTE: String(limit) } });
const RUN = "run-now";

describe("operators' pages", needing("browser"), () => {
  let the: OperatorsBrowser;
  beforeAll(async () => {
    await requestVps(pool, { userId: "user_vera", username: "vera", hostname: "vera.spoq.dev", plan: "hostingercom-vps-kvm1-usd-1m", templateId: 1007, dataCenterId: 9, sshPublicKey: null });
    await saveVpsResult(pool, "user_vera", { hostingerVmId: 17_923, address: "192.0.2.7" });
    await setVpsStatus(pool, "user_vera", { status: "ready", phase: "done" });
    await startRun(pool, { runId: RUN, userId: "user_vera", username: "vera", operation: "snapshot", workerId: "w", hostId: "h", pid: 1 });
    await appendRunLog(pool, RUN, ["the first line"]);
    the = await openOperatorsBrowser({ address });
  });
  afterAll(() => the.close());

  const failOnce = (path: string) => the.page.route(path, (route) => route.fulfill({ status: 503, json: { error: { code: "NOT_READY", message: "The database is away." } } }), { times: 1 });
  const log = () => the.page.locator(`#run-${RUN}`).getByRole("region");

  it("leave most of the default rate limit to the operator, also while a run goes on and its log is read", async () => {
    await the.open("/users/vera");
    await the.page.locator("#facts").getByText("17923").waitFor();
    await the.page.locator(`#run-${RUN} summary`).click();
    await log().getByText("the first line").waitFor();
    await sleep(2_000);
    let asked = 0;
    the.page.on("request", (request) => { if (request.url().includes("/api/")) asked += 1; });
    await sleep(15_000);
    assert.ok(asked > 5 && asked * 4 < limit / 2, `${asked} requests in 15 s`);
  });

  it("ask for no log while nobody sees them, and go on when somebody does", async () => {
    const setHidden = (isHidden: boolean) => the.page.evaluate(`Object.defineProperty(document, "hidden", { configurable: true, value: ${isHidden} }); document.dispatchEvent(new Event("visibilitychange"))`);
    await setHidden(true);
    await sleep(500);
    const asked: string[] = [];
    const note = (request: { url(): string }) => void asked.push(request.url());
    the.page.on("request", note);
    await appendRunLog(pool, RUN, ["a line that nobody saw coming"]);
    await sleep(7_000);
    assert.deepEqual(asked.filter((url) => url.includes("/log?")), []);
    await setHidden(false);
    await log().getByText("a line that nobody saw coming").waitFor();
    the.page.off("request", note);
  });

  it("come back no sooner than they are told to, and then go on", async () => {
    const refused = (path: string) => {
      const times: number[] = [];
      return the.page.route(path, async (route) => {
        times.push(performance.now());
        if (times.length > 1) return route.continue();
        await route.fulfill({ status: 429, headers: { "retry-after": "7" }, json: { error: { code: "RATE_LIMITED", message: "Too many." } } });
      }).then(() => times);
    };
    const [logTimes, findingsTimes] = [await refused(`**/runs/${RUN}/log?*`), await refused("**/api/admin/findings?*")];
    await appendRunLog(pool, RUN, ["a line after the refusal"]);
    await log().getByText("a line after the refusal").waitFor();
    for (const endMs = performance.now() + 20_000; findingsTimes.length < 2 && performance.now() < endMs;) await sleep(100);
    for (const [first, second] of [logTimes, findingsTimes]) assert.ok(second! - first! >= 6_900, `after ${second! - first!} ms`);
    await the.page.unrouteAll();
  });

  it("show who is logged in when the service answers again", async () => {
    for (const path of ["/pools", "/purchases", "/users/vera"]) {
      await failOnce("**/session");
      await the.open(path);
      await the.page.locator("#who .operator", { hasText: "operator@example.com" }).waitFor();
    }
  });

  it("read again what could not be read of a user", async () => {
    await failOnce("**/api/admin/vps/vera/next");
    await the.open("/users/vera");
    await the.page.locator("#facts").getByText("17923").waitFor();
  });

  it("say so when a button's question cannot be asked, which can then be pressed again", async () => {
    for (const [name, title] of [["Recreate…", "Wipe the VM and install it anew?"], ["Replace…", "Another VM in place of this one?"]] as const) {
      await failOnce("**/api/admin/offers");
      await the.page.getByRole("button", { name }).click();
      await the.page.locator("#notice", { hasText: "The database is away." }).waitFor();
      await the.page.getByRole("button", { name }).click();
      await the.page.getByRole("dialog", { name: title }).waitFor();
      await the.page.keyboard.press("Escape");
    }
  });

  it("ask for something once, however often its button is pressed or its question is typed into", async () => {
    const { promise: isHeld, resolve: letGo } = Promise.withResolvers<void>();
    await the.page.route("**/api/admin/vps/vera/restart", async (route) => {
      await isHeld;
      await route.continue();
    });
    await the.page.getByRole("button", { name: "Restart…" }).click();
    const why = the.page.getByLabel("Why, for the record");
    await why.fill("an example");
    await why.press("Enter");
    await why.pressSequentially(" or two");
    await why.press("Enter");
    assert.ok(await the.page.getByRole("button", { name: "Restart", exact: true }).isDisabled());
    letGo();
    await the.page.getByText("Restart: asked for.").waitFor();
    assert.deepEqual(jobs.enqueued.map(({ operation }) => operation), ["power"]);
  });

  it("say each time that they cannot show what they have read, and not once to be silent about an old list ever after", async () => {
    await the.page.route("**/api/admin/purchases?*", (route) => route.fulfill({ json: { items: [{ username: "vera", state: "bought", plan: "x", priceCents: 699, currency: "US$", orderId: null, vmId: null, boughtAt: null, daysLeft: null }], nextCursor: null } }));
    await the.open("/purchases");
    const notice = the.page.locator("#notice .bad");
    await notice.filter({ hasText: "US$" }).waitFor();
    await the.page.evaluate("document.querySelector('#notice').replaceChildren()");
    await notice.filter({ hasText: "US$" }).waitFor();
    await the.page.unrouteAll();
  });

  it("look for nothing more of a user who is none", async () => {
    await the.open("/users/nobody");
    await the.page.getByRole("heading", { name: "There is no user nobody" }).waitFor();
    await the.page.evaluate("location.hash = '#main'");
    const asked: string[] = [];
    the.page.on("request", (request) => { if (request.url().includes("/api/")) asked.push(request.url()); });
    await sleep(7_000);
    assert.deepEqual([asked, await the.page.locator("#notice").textContent()], [[], ""]);
  });

  it("ran without an error of a script and within their content security policy", () => {
    assert.deepEqual(the.complaints, []);
  });
});
