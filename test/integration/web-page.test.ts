/** The real page in Chromium, in front of the whole service: real engine, real PostgreSQL, simulated Hostinger and Cloudflare. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { tryLockUser } from "../../src/jobs/user-lock.ts";
import { assertAccessible } from "../support/axe.ts";
import { needing } from "../support/needs.ts";
import { openPageWorld, type PageWorld } from "../support/page-world.ts";
import { withDatabase } from "../support/postgres.ts";

const { url: databaseUrl } = await withDatabase();

describe("the operators' page", needing("browser"), () => {
  let the: PageWorld;
  beforeAll(async () => { the = await openPageWorld({ databaseUrl }); });
  afterAll(() => the.close());
  const url = (path: string) => the.world.url + path;

  it("asks for a login by keyboard, says what is wrong with a token, and leads to where the operator wanted to go", async () => {
    const { page } = the;
    await page.goto(url("/?status=ready"));
    assert.match(page.url(), /\/login\?next=/);
    await assertAccessible(page);
    await page.keyboard.type("not-a-token");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").filter({ hasText: "expected 'Bearer' and a JWT" }).waitFor();
    await assertAccessible(page);
    await page.keyboard.insertText(await the.operatorToken());
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Fleet" }).waitFor();
    assert.equal(page.url(), url("/?status=ready"));
    await page.getByText("operator@example.com").waitFor();
    assert.equal(await page.evaluate("document.cookie"), "");
  });

  it("shows a signup live, phase by phase, from queued to ready", async () => {
    const { page } = the;
    await the.logIn();
    // Nothing is run until the page is there to show it.
    const held = await tryLockUser(databaseUrl, "user_alice");
    await the.signUp("alice");
    await page.goto(url("/users/alice"));
    await page.locator("#badge", { hasText: "queued" }).waitFor().finally(() => held!.release());
    const phase = (name: string, state: string) => page.locator(`#phases li.${state}[data-phase=${name}]`);
    await phase("engine", "active").waitFor();
    assert.equal(await page.getByRole("button", { name: "Deprovision…" }).isDisabled(), true);
    await phase("engine", "done").waitFor();
    await page.getByRole("status").filter({ hasText: /^provisioning, (vm|dns|health)$/ }).waitFor();
    await page.locator("#badge", { hasText: "ready" }).waitFor();
    for (const name of ["engine", "credentials", "script", "vm", "dns", "health"]) await phase(name, "done").waitFor();
    await page.locator("#resources [data-resource=vm]", { hasText: "VirtualMachine" }).waitFor();
    await page.getByRole("link", { name: "https://alice.spoq.dev" }).waitFor();
    // The run that bought it ended when Hostinger began to boot; another went on from there.
    await page.locator("#runs summary", { hasText: "waiting" }).first().click();
    await page.locator("#runs pre", { hasText: "buying hostingercom-vps-kvm1-usd-1m" }).waitFor();
    await page.locator("#runs summary", { hasText: "succeeded" }).click();
    await page.locator("#runs pre", { hasText: "HealthCheck health created" }).waitFor();
  });

  it("finds the user in the table by search and status, and counts the fleet", async () => {
    const { page } = the;
    await the.logIn();
    await the.signUp("bob");
    await page.locator("#rows tr", { hasText: "bob" }).waitFor();
    await page.getByLabel("Search").fill("ALI");
    await page.locator("#rows tr", { hasText: "bob" }).waitFor({ state: "detached" });
    assert.equal(await page.locator("#rows tr").count(), 1);
    await page.getByRole("combobox", { name: "Status" }).selectOption("failed");
    await page.getByText("No user fits.").waitFor();
    await page.reload();
    await page.getByText("No user fits.").waitFor();
    await page.goto(url("/"));
    await page.getByRole("img", { name: /^Spend a month: spend \$\d+\.\d\d/ }).waitFor();
    await page.getByRole("img", { name: /^To ready: p50 .* s, p95 .* s/ }).waitFor();
  });

  it("is accessible in light, dark and narrow: the fleet, a user, an open log, a question", async () => {
    const { page } = the;
    await page.goto(url("/"));
    await page.locator("#rows tr", { hasText: "alice" }).waitFor();
    await page.locator("#charts figure").first().waitFor();
    await page.getByText("The same numbers as a table").click();
    await assertAccessible(page);
    await page.getByRole("link", { name: "alice", exact: true }).click();
    await page.locator("#phases li.done").first().waitFor();
    await page.locator("#runs summary").first().click();
    await page.locator("#runs pre", { hasText: "created" }).waitFor();
    await assertAccessible(page);
    await page.getByRole("button", { name: "Deprovision…" }).click();
    await assertAccessible(page);
    await page.keyboard.press("Escape");
  });

  it("repairs when asked", async () => {
    const { page } = the;
    await page.goto(url("/users/alice"));
    await page.locator("#runs summary", { hasText: "succeeded" }).waitFor();
    const runs = await page.locator("#runs details").count();
    await page.getByRole("button", { name: "Repair…" }).click();
    await the.answer("Repair");
    await page.getByText("Repair: asked for.").waitFor();
    await page.locator("#runs details").nth(runs).waitFor();
    await page.locator("#runs summary", { hasText: "running" }).waitFor({ state: "detached" });
    await page.locator("#badge", { hasText: "ready" }).waitFor();
  });

  it("gives a VPS up only when the user name is typed, and shows it live", async () => {
    const { page } = the;
    const alices = the.world.sandbox.state().vms.find(({ hostname }) => hostname === "alice.spoq.dev")?.id;
    await page.goto(url("/users/alice"));
    const open = page.getByRole("button", { name: "Deprovision…" });
    const giveUp = page.getByRole("button", { name: "Deprovision", exact: true });
    await open.focus();
    await page.keyboard.press("Enter");
    assert.equal(await giveUp.isDisabled(), true);
    await page.keyboard.type("account closed");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.type("alic");
    await page.keyboard.press("Enter");
    assert.equal(await giveUp.isDisabled(), true);
    await page.keyboard.press("Escape");
    assert.equal(await page.evaluate("document.activeElement.dataset.key"), "deprovision");
    await page.keyboard.press("Enter");
    assert.equal(await page.getByLabel("Type the user name").inputValue(), "");
    await page.keyboard.type("account closed");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.type("alice");
    await page.keyboard.press("Enter");
    // The button fits no more: whoever uses the keyboard is not left without a place.
    await page.locator("#title:focus").waitFor();
    await page.locator("#badge", { hasText: /deprovisioned|failed/ }).waitFor();
    assert.equal(await page.locator("#failure").textContent(), "");
    await page.locator("#giving-up", { hasText: "Given up. Asked for by operator@example.com." }).waitFor();
    await page.locator("#giving-up li", { hasText: /✓ data wiped \d{4}-/ }).waitFor();
    await assertAccessible(page);
    await page.locator("#runs summary", { hasText: "destroy" }).filter({ hasText: "succeeded" }).waitFor();
    const vm = the.world.sandbox.state().vms.find(({ id }) => id === alices);
    assert.equal(vm?.state, "stopped");
  });

  it("logs out, and then shows nothing any more", async () => {
    const { page } = the;
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByLabel("Operator's token").waitFor();
    await page.goto(url("/users/alice"));
    assert.match(page.url(), /\/login\?next=%2Fusers%2Falice$/);
  });

  it("goes to no other site after the login", async () => {
    const { page } = the;
    await page.goto(url("/login?next=//attacker.example/x"));
    await page.getByLabel("Operator's token").fill(await the.operatorToken());
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("heading", { name: "Fleet" }).waitFor();
    assert.equal(page.url(), url("/"));
  });

  it("ran without an error of a script and within its content security policy", () => {
    assert.deepEqual(the.complaints, []);
  });
});
