/** What stands before a purchase, with the service running against the sandbox, seen and switched on the page. */
import assert from "node:assert/strict";
import type { Pool } from "pg";
import { afterAll, beforeAll, describe, it } from "vitest";
import { sleep } from "../../providers/core/time.ts";
import { ACCOUNT_KEPT_MS } from "../../src/purchases/live-facts.ts";
import { assertAccessible } from "../support/axe.ts";
import { needing } from "../support/needs.ts";
import { openPageWorld, type PageWorld } from "../support/page-world.ts";
import { withDatabase } from "../support/postgres.ts";
import { openPool } from "../support/open-pool.ts";

const { url: databaseUrl } = await withDatabase();

/** Others have two records; each user of this test gets one. */
const RECORD_LIMIT = 6;

describe("purchases on the operators' page", needing("browser"), () => {
  let the: PageWorld;
  let pool: Pool;
  beforeAll(async () => {
    the = await openPageWorld({ databaseUrl, env: { PURCHASES_PER_DAY: "2", CERTIFICATES_PER_WEEK: "3", MAX_PRICE_CENTS: "1500", ZONE_RECORD_LIMIT: String(RECORD_LIMIT), PAYMENT_PROBE_SECONDS: "1" } });
    pool = openPool(the.world.databaseUrl, 1);
    await the.logIn();
  });
  afterAll(async () => {
    await pool.end();
    await the.close();
  });

  const fact = (name: string) => the.page.locator(`#purchase-facts dt:text-is("${name}") + dd`);
  const rowOf = (username: string) => the.page.locator("#rows tr", { has: the.page.getByRole("rowheader", { name: username, exact: true }) });
  const books = () => `${the.world.url}/purchases`;
  const purchases = () => the.world.sandbox.state().purchases.length;
  /** What was bought counts today, and does so tomorrow if midnight comes meanwhile. */
  const isOfToday = () => pool.query("UPDATE vps_purchases SET reserved_at = clock_timestamp() + interval '1 hour' WHERE state = 'bought'");
  const isOfDaysBefore = () => pool.query("UPDATE vps_purchases SET reserved_at = reserved_at - interval '2 days'");
  const becomesReady = async (username: string) => {
    await the.page.goto(`${the.world.url}/users/${username}`);
    await the.page.locator("#badge", { hasText: "ready" }).waitFor();
    await the.page.goto(books());
  };
  /** The page tells at its own pace; a look at it anew is as good. */
  const sees = async (username: string, text: RegExp, waiting: RegExp) => {
    await the.page.goto(the.world.url);
    await rowOf(username).filter({ hasText: text }).waitFor();
    await the.page.goto(books());
    await fact("Waiting").filter({ hasText: waiting }).waitFor();
  };

  it("are switched off and on, and who waited goes on", async () => {
    const { page } = the;
    await page.goto(books());
    await page.getByRole("button", { name: "Switch purchases off…" }).click();
    await the.answer("Switch off");
    await fact("Purchases").filter({ hasText: "off, by operator@example.com" }).waitFor();
    await the.signUp("ada");
    await sees("ada", /place 1.*switched off by an operator/, /1 for purchases to be switched on/);
    assert.equal(purchases(), 0);
    await assertAccessible(page);
    await page.getByRole("button", { name: "Switch purchases on…" }).click();
    await the.answer("Switch on");
    await becomesReady("ada");
    await isOfToday();
    await page.goto(books());
    await fact("Today").filter({ hasText: "1 of 2; $4.99" }).waitFor();
    await page.locator("#purchases tr", { hasText: "ada" }).filter({ hasText: "bought" }).filter({ hasText: "$4.99" }).waitFor();
    await assertAccessible(page);
  });

  it("stop after a refused payment until one succeeds", async () => {
    await the.control("settings", { paymentsDeclined: true });
    await the.signUp("ben");
    await the.page.goto(the.world.url);
    await rowOf("ben").filter({ hasText: /PAYMENT_REFUSED|place 1/ }).waitFor();
    await the.page.goto(books());
    await fact("Breaker").filter({ hasText: /open|probing/ }).waitFor();
    assert.equal(purchases(), 1);
    await the.control("settings", { paymentsDeclined: false });
    await becomesReady("ben");
    await fact("Breaker").filter({ hasText: "closed" }).waitFor();
    assert.equal(purchases(), 2);
  });

  it("wait for the next day when the day's are used up", async () => {
    await isOfToday();
    await the.signUp("cid");
    await sees("cid", /today's purchases are used up: 2 of 2/, /1 for the next day/);
    assert.equal(purchases(), 2);
    await isOfDaysBefore();
    await becomesReady("cid");
  });

  it("wait for a certificate when those of seven days are used up", async () => {
    await the.signUp("dot");
    await sees("dot", /certificates of seven days are used up: 3 of 3/, /1 for a certificate/);
    await pool.query("UPDATE vps_certificates SET first_at = first_at - interval '7 days'");
    await pool.query("UPDATE vps_purchases SET bought_at = bought_at - interval '7 days', reserved_at = reserved_at - interval '7 days' WHERE state = 'bought'");
    await becomesReady("dot");
  });

  it("wait for room in the DNS zone", async () => {
    const records = the.world.sandbox.state().records.length;
    const { cloudflareUrl, zoneId, cloudflareToken, domain } = the.world.sandbox;
    const headers = { authorization: `Bearer ${cloudflareToken}`, "content-type": "application/json" };
    const others: string[] = [];
    for (let one = records; one < RECORD_LIMIT; one++) {
      const answer = await fetch(`${cloudflareUrl}/zones/${zoneId}/dns_records`, { method: "POST", headers, body: JSON.stringify({ name: `other${one}.${domain}`, type: "A", content: "127.0.0.9", ttl: 60 }) });
      others.push(((await answer.json()) as { result: { id: string } }).result.id);
    }
    assert.ok(others.length > 0, "the limit leaves room for others");
    // What was read of the zone for the user before is over then.
    await sleep(ACCOUNT_KEPT_MS);
    await the.signUp("eli");
    await sees("eli", new RegExp(`the DNS zone is full: ${RECORD_LIMIT} of ${RECORD_LIMIT} records`), /1 for room in the DNS zone/);
    for (const id of others) await fetch(`${cloudflareUrl}/zones/${zoneId}/dns_records/${id}`, { method: "DELETE", headers });
    await becomesReady("eli");
  });

  it("wait for a lower price than Hostinger's catalog has", async () => {
    const before = purchases();
    await isOfDaysBefore();
    await the.signUp("fay", { plan: "kvm8" });
    await sees("fay", /costs 59\.99 USD in Hostinger's catalog, more than 15\.00 USD/, /1 for a lower price/);
    assert.equal(purchases(), before);
    await assertAccessible(the.page);
  });

  it("ran without an error of a script and within its content security policy", () => {
    assert.deepEqual(the.complaints, []);
  });
});
