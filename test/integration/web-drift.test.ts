/** A drift, found and repaired on the page. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { assertAccessible } from "../support/axe.ts";
import { needing } from "../support/needs.ts";
import { openPageWorld, type PageWorld } from "../support/page-world.ts";
import { withDatabase } from "../support/postgres.ts";

const { url: databaseUrl } = await withDatabase();

describe("drift on the operators' page", needing("browser"), () => {
  let the: PageWorld;
  beforeAll(async () => {
    the = await openPageWorld({ databaseUrl });
    await the.logIn();
    await the.signUp("carol");
    await the.page.goto(`${the.world.url}/users/carol`);
    await the.page.locator("#badge", { hasText: "ready" }).waitFor();
  });
  afterAll(() => the.close());

  const check = () => the.page.getByRole("button", { name: "Check for drift" }).click();

  it("is shown as declared and actual", async () => {
    await check();
    await the.page.getByText("None: everything is as declared.").waitFor();
    const [vm] = the.world.sandbox.state().vms;
    await the.control(`vms/${vm!.id}/drift`, { kind: "stopped" });
    await the.control("records/drift", { name: vm!.hostname, kind: "content", content: "127.9.9.9" });
    await check();
    const row = (resource: string, actual: string) => the.page.locator("#drift tbody tr", { has: the.page.getByRole("rowheader", { name: resource }) }).filter({ hasText: actual });
    await row("vm", "stopped").waitFor();
    await row("record", "127.9.9.9").waitFor();
    await assertAccessible(the.page);
  });

  it("is found by a sweep of the fleet", async () => {
    const { page } = the;
    await page.goto(`${the.world.url}/findings`);
    await page.getByRole("button", { name: "Sweep now" }).click();
    await page.locator("#findings tr", { hasText: "VmStopped" }).filter({ hasText: "carol" }).waitFor();
    await page.locator("#findings tr", { hasText: "RecordDiffers" }).waitFor();
    await page.getByText(/^Last sweep .* 1 users in/).waitFor();
    await assertAccessible(page);
  });

  it("is repaired when asked, and then is none any more", async () => {
    const { page } = the;
    await page.locator("#findings").getByRole("link", { name: "carol" }).first().click();
    await page.getByRole("button", { name: "Repair VmStopped" }).waitFor();
    await assertAccessible(page);
    const runs = await page.locator("#runs details").count();
    await page.getByRole("button", { name: "Repair VmStopped" }).click();
    await the.answer("Repair");
    await page.getByText("Repair of VmStopped: asked for.").waitFor();
    await page.locator("#runs details").nth(runs).waitFor();
    await page.locator("#runs summary", { hasText: "running" }).waitFor({ state: "detached" });
    // On a busy machine a worker may not answer in time, which the page says; then it is asked again.
    const none = page.getByText("None: everything is as declared.");
    for (let tries = 1; tries <= 4 && !(await none.isVisible()); tries += 1) {
      await check();
      await none.waitFor({ timeout: 30_000 }).catch(() => undefined);
    }
    await none.waitFor({ timeout: 1_000 });
    assert.equal(the.world.sandbox.state().vms[0]?.state, "running");
  });
});
