/** What an operator does with one user's VPS on the page: power, credentials, giving up with time to think. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { assertAccessible } from "../support/axe.ts";
import { needing } from "../support/needs.ts";
import { newName } from "../support/new-name.ts";
import { openPageWorld, type PageWorld } from "../support/page-world.ts";
import { withDatabase } from "../support/postgres.ts";
import { until } from "../support/until.ts";

const { url: databaseUrl } = await withDatabase();

describe("the page's actions on one VPS", needing("browser"), () => {
  let the: PageWorld;
  /** Who became ready, by the last try. */
  let [dora, felix] = ["", ""];
  beforeAll(async () => {
    the = await openPageWorld({ databaseUrl, env: { DEPROVISION_GRACE_HOURS: "72" } });
    await the.logIn();
  });
  afterAll(() => the.close());

  const open = (username: string) => the.page.goto(`${the.world.url}/users/${username}`);
  const button = (name: string) => the.page.getByRole("button", { name, exact: true });
  const vmOf = (username: string) => the.world.sandbox.state().vms.find(({ hostname }) => hostname === `${username}.spoq.dev`);
  const stateOf = (username: string) => vmOf(username)?.state;
  const letRun = (username: string) => the.control(`vms/${vmOf(username)!.id}/drift`, { kind: "repaired" });
  const runs = () => the.page.locator("#runs details").count();
  const lastRunSucceeds = async (number: number) => {
    await the.page.locator("#runs details").nth(number - 1).waitFor();
    await the.page.locator("#runs summary").first().filter({ hasText: "succeeded" }).waitFor();
  };

  it("a signup under way can only be cancelled; what it waits for is shown, and not read aloud each time", async () => {
    dora = newName("dora");
    await the.control("boot", { hostname: `${dora}.spoq.dev`, bootMs: 600_000 });
    await the.signUp(dora);
    await open(dora);
    await the.page.locator("#now", { hasText: /VM \d+ to run: / }).waitFor();
    assert.deepEqual(await the.page.locator("#actions button:enabled").allTextContents(), ["Cancel…"]);
    assert.equal(await the.page.locator("#now").getAttribute("role"), null);
    await assertAccessible(the.page);
    await letRun(dora);
    await the.page.locator("#badge", { hasText: "ready" }).waitFor();
  });

  it("one that failed says why and what to do once each, and can be tried again", async () => {
    const erik = newName("erik");
    await the.control("boot", { hostname: `${erik}.spoq.dev`, outcome: "error" });
    await the.signUp(erik);
    await open(erik);
    await the.page.locator("#badge", { hasText: "failed" }).waitFor();
    const alert = await the.page.getByRole("alert").textContent();
    assert.match(alert!, /^VM_ERROR: VM \d+ of erik\d*\.spoq\.dev is in the state 'error', expected 'running'\.Repair the VM in the Hostinger panel/);
    assert.equal(alert!.match(/Repair the VM/g)?.length, 1);
    await assertAccessible(the.page);
    await letRun(erik);
    await button("Retry…").click();
    await the.answer("Retry");
    await the.page.locator("#badge", { hasText: "ready" }).waitFor();
  });

  it("stops and starts the VM, and asks before it stops it", async () => {
    await open(dora);
    await the.page.locator("#runs summary", { hasText: "succeeded" }).waitFor();
    const before = await runs();
    await button("Stop…").click();
    await the.page.getByRole("dialog", { name: "Stop the VM?" }).waitFor();
    await assertAccessible(the.page);
    // Without a reason Enter does nothing.
    await the.page.keyboard.press("Enter");
    await the.page.getByRole("dialog", { name: "Stop the VM?" }).waitFor();
    await the.page.keyboard.press("Escape");
    await the.page.getByRole("dialog").waitFor({ state: "hidden" });
    assert.equal(stateOf(dora), "running");
    assert.equal(await runs(), before);

    await button("Stop…").click();
    await the.answer("Stop");
    await the.page.getByText("Stop: asked for.").waitFor();
    await until("the VM to be stopped", () => stateOf(dora) === "stopped");
    await button("Start…").click();
    await the.answer("Start");
    await until("the VM to run", () => stateOf(dora) === "running");
  });

  it("rotates the credentials when it is confirmed, and they wait to be shown again", async () => {
    felix = newName("felix");
    await the.signUp(felix);
    await open(felix);
    await the.page.locator("#badge", { hasText: "ready" }).waitFor();
    const before = await runs();
    await button("Rotate credentials…").click();
    await the.page.keyboard.press("Escape");
    await button("Rotate credentials…").click();
    await the.page.getByRole("dialog", { name: "Make new credentials?" }).waitFor();
    await the.answer("Rotate");
    await the.page.getByText("Rotate credentials: asked for.").waitFor();
    await lastRunSucceeds(before + 1);
    await the.page.locator("#facts", { hasText: "wait to be shown to the user" }).waitFor();
  });

  it("shows when a VPS is given up, by whom and why, and keeps it when that is taken back", async () => {
    const { page } = the;
    await open(felix);
    await button("Deprovision…").click();
    await page.getByRole("dialog").getByText("In 72 hours, unless it is taken back before").waitFor();
    await page.getByLabel("Why, for the record").fill("left the company");
    await page.getByLabel("Type the user name").fill(felix);
    await button("Deprovision").click();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    const notice = page.locator("#giving-up");
    await notice.filter({ hasText: /^To be given up on \d{4}-\d\d-\d\d \d\d:\d\d\. .*Asked for by operator@example\.com\. Reason: left the company\./ }).waitFor();
    const dueMs = Date.parse((await notice.locator("time").getAttribute("datetime"))!) - Date.now();
    assert.ok(Math.abs(dueMs / 3_600_000 - 72) < 0.1, `${dueMs} ms`);
    assert.equal(await button("Cancel…").count(), 0);
    await assertAccessible(page);
    await page.goto(the.world.url);
    await page.locator("#rows tr", { hasText: felix }).filter({ hasText: /the end of the grace period, \d{4}-\d\d-\d\d \d\d:\d\d;/ }).waitFor();
    await page.getByRole("link", { name: felix, exact: true }).click();
    await button("Keep the VPS…").click();
    await the.answer("Keep it");
    await page.locator("#badge", { hasText: "ready" }).waitFor();
    await notice.filter({ hasText: "given up" }).waitFor({ state: "detached" });
    assert.equal(stateOf(felix), "running");
  });

  it("gives the focus back to the button that opened a dialog, also when it was made anew meanwhile", async () => {
    const { page } = the;
    await open(felix);
    await button("Stop…").focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Stop the VM?" }).waitFor();
    await page.evaluate("document.querySelector('#actions [data-key=stop]').replaceWith(document.querySelector('#actions [data-key=stop]').cloneNode(true))");
    await page.keyboard.press("Escape");
    await page.locator("#actions [data-key=stop]:focus").waitFor();
  });

  it("leaves whoever uses the keyboard with a place, also when the event of the change comes before the answer", async () => {
    const { page } = the;
    await open(felix);
    await page.route(`**/api/admin/vps/${felix}/deprovision`, async (route) => {
      const response = await route.fetch();
      await page.locator("#badge", { hasText: "deprovisioning" }).waitFor();
      await route.fulfill({ response });
    });
    await button("Deprovision…").focus();
    await page.keyboard.press("Enter");
    await page.getByLabel("Why, for the record").fill("a test");
    await page.getByLabel("Type the user name").focus();
    await page.keyboard.type(felix);
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    // The button that opened the dialog was made anew, and is disabled.
    await page.locator("#title:focus").waitFor();
    await page.unroute(`**/api/admin/vps/${felix}/deprovision`);
  });

  it("ran without an error of a script and within its content security policy", () => {
    assert.deepEqual(the.complaints, []);
  });
});
