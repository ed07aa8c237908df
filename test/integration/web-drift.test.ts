/** A drift, found and repaired on the page. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Client } from "pg";
import { whyNoBrowser } from "../support/browser.ts";
import { openPageWorld, type PageWorld } from "../support/page-world.ts";

const skip = whyNoBrowser();

describe("drift on the operators' page", { skip }, () => {
  let the: PageWorld;
  before(async () => {
    the = await openPageWorld();
    await the.logIn();
    await the.signUp("carol");
    await the.page.goto(`${the.world.url}/users/carol`);
    await the.page.locator("#badge", { hasText: "ready" }).waitFor();
  });
  after(() => the.close());

  const control = async (path: string, body: object) => {
    const answer = await fetch(`${the.world.sandbox.controlUrl}/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    assert.ok(answer.ok, await answer.text());
  };
  /** A sweep leaves alone who was worked on a moment ago. */
  const letAnHourPass = async () => {
    const client = new Client({ connectionString: the.world.databaseUrl });
    await client.connect();
    // Without triggers, which would set updated_at.
    await client.query(`
      SET session_replication_role = replica;
      UPDATE user_vps SET updated_at = updated_at - interval '1 hour';
      UPDATE vps_runs SET started_at = started_at - interval '1 hour', ended_at = ended_at - interval '1 hour'`);
    await client.end();
  };
  const check = () => the.page.getByRole("button", { name: "Check for drift" }).click();

  it("is shown as declared and actual", async () => {
    await check();
    await the.page.getByText("None: everything is as declared.").waitFor();
    const [vm] = the.world.sandbox.state().vms;
    await control(`vms/${vm!.id}/drift`, { kind: "stopped" });
    await control("records/drift", { name: vm!.hostname, kind: "content", content: "127.9.9.9" });
    await check();
    const row = (resource: string, actual: string) => the.page.locator("#drift tbody tr", { has: the.page.getByRole("rowheader", { name: resource }) }).filter({ hasText: actual });
    await row("vm", "stopped").waitFor();
    await row("record", "127.9.9.9").waitFor();
  });

  it("is found by a sweep of the fleet", async () => {
    const { page } = the;
    await letAnHourPass();
    await page.goto(the.world.url);
    await page.getByRole("button", { name: "Sweep now" }).click();
    await page.locator("#findings tr", { hasText: "VmStopped" }).filter({ hasText: "carol" }).waitFor();
    await page.locator("#findings tr", { hasText: "RecordDiffers" }).waitFor();
    await page.getByText(/^Last sweep .* 1 users in/).waitFor();
  });

  it("is repaired when asked, and then is none any more", async () => {
    const { page } = the;
    await page.locator("#findings").getByRole("link", { name: "carol" }).first().click();
    await page.getByRole("button", { name: "Repair VmStopped" }).click();
    await page.getByText("Repair of VmStopped: asked for.").waitFor();
    await page.locator("#runs details").nth(1).waitFor();
    await page.locator("#runs summary", { hasText: "running" }).waitFor({ state: "detached" });
    await check();
    await page.getByText("None: everything is as declared.").waitFor();
    assert.equal(the.world.sandbox.state().vms[0]?.state, "running");
  });
});
