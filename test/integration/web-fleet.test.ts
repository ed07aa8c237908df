/** The fleet's list in Chromium, of users that are records alone. */
import assert from "node:assert/strict";
import type { Pool } from "pg";
import { afterAll, beforeAll, describe, it } from "vitest";
import { failed, ok, skipped, type Finding } from "../../src/doctor/index.ts";
import { assertAccessible } from "../support/axe.ts";
import { withListeningApp } from "../support/http-app.ts";
import { needing } from "../support/needs.ts";
import { openOperatorsBrowser, type OperatorsBrowser } from "../support/operators-browser.ts";
import { signToken } from "../support/tokens.ts";

let found: Finding[] = [];
const app = await withListeningApp({ doctor: async () => ({ hostId: "machine-7", findings: found }) });

const USERS = 300;
const LONGEST = `a${"-very-long-user-name".repeat(3)}-z`.slice(0, 63);

/** user1 to user300: every tenth failed, every 25th has a finding or two; one of a long name. */
async function seed(pool: Pool): Promise<void> {
  await pool.query(
    `INSERT INTO user_vps (user_id, username, hostname, plan_id, template_id, data_center_id, status, phase, requested_at, updated_at, ready_at, hostinger_vm_id, address, url, error_code, reason)
     SELECT 'u' || n, name, name || '.spoq.dev', 'hostingercom-vps-kvm' || CASE WHEN n % 3 = 0 THEN 2 ELSE 1 END || '-usd-1m', 1007, CASE WHEN n % 2 = 0 THEN 9 ELSE 11 END,
       CASE WHEN n % 10 = 0 THEN 'failed' ELSE 'ready' END, 'done', now() - n * interval '1 hour', now(), now(), n, '192.0.2.' || n % 250, 'https://' || name || '.spoq.dev',
       CASE WHEN n % 10 = 0 THEN 'VM_ERROR' END, CASE WHEN n % 10 = 0 THEN 'The VM is in the state error.' END
     FROM (SELECT n, CASE WHEN n = 7 THEN $2 ELSE 'user' || n END AS name FROM generate_series(1, $1::int) n) AS numbered`, [USERS, LONGEST]);
  await pool.query(
    `INSERT INTO vps_findings (kind, subject, user_id, username, declared, actual, first_seen, last_seen)
     SELECT kind, username, user_id, username, 'running', 'stopped', now(), now() FROM user_vps, unnest(ARRAY['VmStopped', 'VmSuspended']) AS kind
     WHERE hostinger_vm_id % 25 = 0 AND (kind = 'VmStopped' OR hostinger_vm_id % 100 = 0)`);
}

describe("the fleet's list", needing("browser"), () => {
  let the: OperatorsBrowser;
  beforeAll(async () => { the = await openOperatorsBrowser(app); });
  afterAll(() => the.close());
  const rows = () => the.page.locator("#rows tr");
  const names = () => the.page.locator("#rows th a").allTextContents();
  const place = (text: string | RegExp) => the.page.locator("#place").filter({ hasText: text }).waitFor();
  const link = (name: string | RegExp) => the.page.getByRole("link", { name });

  it("tells how to get a first signup while nobody has signed up", async () => {
    await the.open("/");
    await the.page.getByText("Nobody has signed up yet.").waitFor();
    await the.page.getByText(/curl -X POST http:\/\/127\.0\.0\.1:\d+\/api\/vps\/provision/).waitFor();
    await the.page.getByText("Nothing needs anybody.").waitFor();
    await assertAccessible(the.page);
  });

  describe("with users", () => {
    beforeAll(() => seed(app.pool));

    it("sorts names as people do, says how many there are, and is left page by page, all in the address", async () => {
      await the.open("/");
      await place(`1 to 50 of ${USERS} users`);
      assert.deepEqual((await names()).slice(0, 4), [LONGEST, "user1", "user2", "user3"]);
      await link("Next").click();
      await place(`51 to 100 of ${USERS} users`);
      assert.equal(new URL(the.page.url()).search, "?page=2");
      assert.equal((await names())[0], "user51");
      await the.page.reload();
      await place("51 to 100");
      await link("Last").click();
      await place("251 to 300");
      await the.page.goBack();
      await place("51 to 100");
    });

    it("sorts by age and by what needs somebody first, and backwards", async () => {
      await the.open("/");
      await link("Age").click();
      await the.page.locator("#rows tr").first().filter({ hasText: "user300" }).waitFor();
      await link("Age").click();
      await the.page.locator("#rows tr").first().filter({ hasText: "user1" }).waitFor();
      await link("Status").click();
      await the.page.locator("#rows tr").first().filter({ hasText: "user10" }).filter({ hasText: "failed" }).waitFor();
      assert.match(the.page.url(), /\?sort=status$/);
      assert.equal(await the.page.locator("th[aria-sort=ascending]").textContent(), "Status ▲");
    });

    it("shows who is ready and has findings, in the list, above it and in the counts", async () => {
      await the.open("/?search=user25");
      await rows().filter({ hasText: "user25" }).filter({ hasText: "1 finding" }).locator(".status.warn").first().waitFor();
      await the.page.locator("#counts").getByText("12 with findings").click();
      await place("1 to 12 of 12 users");
      assert.match(the.page.url(), /\?findings=any$/);
      await the.page.locator("#attention").getByText("12 users not as declared").waitFor();
      await rows().filter({ hasText: "user100" }).filter({ hasText: "2 findings" }).waitFor();
    });

    it("is filtered by status, plan, data center, finding and search at once, and a filter leads to the first page", async () => {
      await the.open("/?page=3");
      const choose = (name: string, value: string) => the.page.getByRole("combobox", { name }).selectOption(value);
      await choose("Plan", "hostingercom-vps-kvm2-usd-1m");
      await place("1 to 50 of 100 users");
      await choose("Data center", "9");
      await place("of 50 users");
      await choose("Status", "failed");
      await place("1 to 10 of 10 users");
      await choose("Findings", "VmStopped");
      await place("1 to 2 of 2 users");
      assert.deepEqual(await names(), ["user150", "user300"]);
      await the.page.getByRole("searchbox", { name: "Search" }).fill("USER15");
      await place("1 to 1 of 1 user");
      const address = new URL(the.page.url()).searchParams;
      assert.deepEqual(Object.fromEntries(address), { search: "USER15", status: "failed", findings: "VmStopped", plan: "hostingercom-vps-kvm2-usd-1m", dataCenterId: "9" });
      await the.page.reload();
      await place("1 to 1 of 1 user");
      await the.page.getByRole("searchbox", { name: "Search" }).fill("nobody-of-that-name");
      await the.page.getByText("No user fits.").waitFor();
      await link("Show all").click();
      await place(`of ${USERS} users`);
    });

    it("keeps the filters of the address when somebody types before it is known what there is to choose from", async () => {
      const isHeld = Promise.withResolvers<void>();
      await the.page.route("**/api/admin/fleet", async (route) => {
        await isHeld.promise;
        await route.continue();
      });
      await the.open("/?status=failed&plan=hostingercom-vps-kvm2-usd-1m");
      await place("1 to 10 of 10 users");
      await the.page.getByRole("searchbox", { name: "Search" }).fill("user30");
      await the.page.waitForURL(/search=user30/);
      assert.deepEqual(Object.fromEntries(new URL(the.page.url()).searchParams), { search: "user30", status: "failed", plan: "hostingercom-vps-kvm2-usd-1m" });
      await place("1 to 2 of 2 users");
      isHeld.resolve();
      await the.page.getByRole("combobox", { name: "Plan" }).locator("option", { hasText: "KVM 1" }).waitFor({ state: "attached" });
      assert.equal(await the.page.getByRole("combobox", { name: "Plan" }).locator("option:checked").textContent(), "KVM 2");
      await the.page.unrouteAll();
    });

    it("gives what fits as CSV and JSON, not only the page", async () => {
      await the.open("/?status=failed");
      await place("1 to 30 of 30 users");
      const [download] = await Promise.all([the.page.waitForEvent("download"), link("CSV").click()]);
      assert.match(download.suggestedFilename(), /^user-vps-users-\d{4}-\d\d-\d\d\.csv$/);
      const lines = (await (await the.page.request.get(download.url())).text()).trim().split("\r\n");
      assert.equal(lines.length, 1 + 30);
      assert.match(lines[0]!, /^username,hostname,status,/);
      const all = await (await the.page.request.get(`${app.address}/api/admin/export/users?format=json`)).json() as { username: string }[];
      assert.equal(all.length, USERS);
    });

    it("tries many again at once by keyboard, having shown whom it touches and whom not", async () => {
      await the.open("/?search=user1&sort=status");
      await place("of 111 users");
      await the.page.getByRole("checkbox", { name: "Choose user10", exact: true }).focus();
      await the.page.keyboard.press("Space");
      await the.page.getByRole("checkbox", { name: "Choose user20", exact: true }).waitFor({ state: "detached" });
      await the.page.getByRole("checkbox", { name: "Choose user1", exact: true }).check();
      await the.page.locator("#bulk").getByText("2 chosen").waitFor();
      await the.page.getByRole("button", { name: "Retry…" }).focus();
      await the.page.keyboard.press("Enter");
      const dialog = the.page.getByRole("dialog", { name: "Retry: 1 of 2" });
      await dialog.getByText("user1: To try again needs one of the statuses failed; 'user1' is 'ready'.").waitFor();
      await assertAccessible(the.page);
      const { rows: [unchanged] } = await app.pool.query("SELECT status FROM user_vps WHERE username = 'user10'");
      assert.equal(unchanged.status, "failed");
      await the.page.keyboard.press("Enter");
      assert.equal(await dialog.isVisible(), true, "without a reason nothing is asked for");
      await the.page.keyboard.type("the outage is over");
      await the.page.keyboard.press("Enter");
      await dialog.waitFor({ state: "hidden" });
      await rows().filter({ hasText: "user10" }).filter({ hasText: "queued" }).first().waitFor();
      const { rows: audit } = await app.pool.query("SELECT path, username, reason, status FROM vps_operator_actions WHERE username IS NOT NULL");
      assert.deepEqual(audit, [{ path: "/api/admin/vps/user10/retry", username: "user10", reason: "the outage is over", status: 202 }]);
    });

    it("repairs of all that fit only what loses nothing", async () => {
      await the.open("/?findings=any");
      await place("of 12 users");
      await the.page.getByRole("checkbox", { name: "Choose all on this page" }).check();
      await the.page.getByRole("button", { name: "Repair…" }).click();
      // user100, user200 and user300 are suspended by Hostinger as well.
      const dialog = the.page.getByRole("dialog", { name: "Repair: 9 of 12" });
      await dialog.getByText(/^user100: First VmSuspended has to be settled/).waitFor();
      await the.page.keyboard.press("Escape");
      await dialog.waitFor({ state: "hidden" });
    });

    it("looks old while the service is away, and new when it is back", async () => {
      await the.open("/");
      await place(`of ${USERS} users`);
      await the.page.route("**/api/admin/**", (route) => route.abort());
      await the.page.getByText(/^The service does not answer\. What is shown is of \d\d:\d\d:\d\d/).waitFor();
      assert.equal(await the.page.locator("body.stale").count(), 1);
      await assertAccessible(the.page);
      await the.page.unroute("**/api/admin/**");
      await the.page.locator("body:not(.stale)").waitFor();
    });

    it("leads back to where one was when the session has expired", async () => {
      await the.open("/?status=failed&page=1#users");
      await the.page.context().clearCookies();
      await the.page.waitForURL(/\/login\?next=%2F%3Fstatus%3Dfailed%26page%3D1%23users$/);
      await the.page.getByLabel("Operator's token").fill(await signToken({ sub: "operator@example.com", scope: "vps:admin" }));
      await the.page.getByRole("button", { name: "Log in" }).click();
      await the.page.waitForURL(/\/\?status=failed&page=1#users$/);
    });

    it("is accessible and fits every window, also with the longest name", async () => {
      await the.open("/");
      await rows().filter({ hasText: LONGEST }).waitFor();
      await the.page.locator("#charts figure").first().waitFor();
      await the.page.getByRole("checkbox", { name: "Choose user1", exact: true }).check();
      await assertAccessible(the.page);
    });

  });

  it("has the service's health in the navigation: what is to be mended first, each with what to do", async () => {
    found = [ok("database", "PostgreSQL 18"), failed("clock", "95 s behind Hostinger's", "Set the clock."), skipped("notifications", "nobody is told anything")];
    await the.open("/");
    await link("Health").click();
    await the.page.getByText("1 to mend.", { exact: true }).waitFor();
    assert.deepEqual(await the.page.locator("#checks h3").allTextContents(), ["clock", "worker", "database", "notifications"]);
    await the.page.locator("[data-check=clock]").filter({ hasText: "To do: Set the clock." }).filter({ hasText: "to be mended" }).waitFor();
    await assertAccessible(the.page);
    await the.page.getByRole("button", { name: "Look again" }).click();
    assert.equal(await the.page.evaluate("document.activeElement.id"), "again");
  });

  it("tells of an address that nothing is at, in its own look, with a way back", async () => {
    await the.open("/nothing/here");
    await the.page.getByRole("heading", { name: "There is no such page" }).waitFor();
    await the.page.getByText("/nothing/here").waitFor();
    await the.page.getByText("operator@example.com").waitFor();
    await assertAccessible(the.page);
    await link("To the fleet").click();
    await the.page.getByRole("heading", { name: "Fleet" }).waitFor();
    await the.open("/users/nobody");
    await the.page.getByRole("heading", { name: "There is no user nobody" }).waitFor();
    await link("Search the fleet for it").click();
    await the.page.waitForURL(/\?search=nobody$/);
  });

  it("ran without an error of a script and within its content security policy", () => {
    assert.deepEqual(the.complaints, []);
  });
});
