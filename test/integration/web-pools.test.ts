/** The pools, seen on their page. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { assertAccessible } from "../support/axe.ts";
import { needing } from "../support/needs.ts";
import { openPageWorld, type PageWorld } from "../support/page-world.ts";
import { withDatabase } from "../support/postgres.ts";

const { url: databaseUrl } = await withDatabase();

describe("the page of the pools", needing("browser"), () => {
  let the: PageWorld;
  beforeAll(async () => {
    the = await openPageWorld({ databaseUrl, env: { POOLS: JSON.stringify([{ plan: "kvm1", dataCenterId: 9, ready: 1 }]) } });
    await the.logIn();
  });
  afterAll(() => the?.close());
  const pool = () => the.page.locator("#pools tr", { has: the.page.getByRole("rowheader", { name: "kvm1-9-1007" }) });

  it("is linked to, and shows what is ready, and its VPSs", async () => {
    await the.page.getByRole("link", { name: "Pools" }).click();
    await pool().filter({ hasText: "1 of 1" }).filter({ hasText: "filling" }).waitFor();
    await the.page.locator("#members tr", { hasText: /pool-[0-9a-f]{10}.*ready/ }).waitFor();
    const columns = await the.page.locator("table", { has: the.page.locator("#pools") }).getByRole("columnheader").allTextContents();
    assert.deepEqual(columns.filter((name) => name !== ""), ["Pool", "State", "Ready", "Booting", "Claimed", "Failed", "Spent, 30 days", "Hits", "Ready in", "Without"]);
    assert.match((await pool().textContent())!, /\d+\.\d\d/, "what was spent");
    await assertAccessible(the.page);
  });

  it("shows who has claimed one, and drains a pool that is confirmed", async () => {
    await the.signUp("gina");
    await pool().filter({ hasText: /1 of 1.*1 of 1/ }).waitFor();
    await the.page.getByRole("button", { name: "Drain kvm1-9-1007" }).click();
    await the.page.getByLabel("Why, for the record").fill("the launch is over");
    assert.ok(await the.page.getByRole("button", { name: "Drain", exact: true }).isDisabled(), "what is paid is lost by it");
    await the.page.getByLabel("Type the pool, kvm1-9-1007, to confirm").fill("kvm1-9-1007");
    await the.page.getByRole("button", { name: "Drain", exact: true }).click();
    await pool().filter({ hasText: "draining" }).waitFor();
    await the.page.getByRole("dialog").waitFor({ state: "hidden" });
    assert.equal(await the.page.getByRole("button", { name: /^Drain/ }).count(), 0);
  });

  it("a worker finds nothing to mend, and the page of the service's health says so", async () => {
    await the.page.getByRole("link", { name: "Health" }).click();
    await the.page.getByText("Nothing to mend.", { exact: true }).waitFor();
    for (const check of ["worker", "engine", "hostinger", "cloudflare", "database"]) await the.page.locator(`[data-check=${check}].ok`).waitFor();
  });

  it("ran without an error of a script and within its content security policy", () => {
    assert.deepEqual(the.complaints, []);
  });
});
