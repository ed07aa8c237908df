/** The main jobs of the operators' page in Chromium by keys alone: Tab, Enter, Space, arrows, Escape and letters. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { setVpsStatus } from "../../src/records/index.ts";
import { createRelease } from "../../src/releases/index.ts";
import { openBrowser, type Browser } from "../support/browser.ts";
import { withListeningApp } from "../support/http-app.ts";
import { needing } from "../support/needs.ts";
import { insertReadyUser } from "../support/ready-user.ts";
import { signToken } from "../support/tokens.ts";

const { pool, jobs, address } = await withListeningApp();
/** More than any page has. */
const MOST_TABS = 150;

interface Focused {
  readonly what: string;
  readonly key: string;
  /** An outline that can be seen, within the window. */
  readonly isSeen: boolean;
}

/** Evaluated in the page; what has the focus, as the tests name it. */
const FOCUSED = `(() => {
  const element = document.activeElement;
  if (!element || element === document.body) return { what: "", key: "", isSeen: true };
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const what = element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent;
  return { what: what.replace(/\\s+/g, " ").trim(), key: element.dataset.key ?? element.id, isSeen: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 && box.width > 0 && box.bottom > 0 && box.top < innerHeight };
})()`;

describe("the operators' page by keyboard alone", needing("browser"), () => {
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    for (const name of ["anna", "bert", "cora"]) await insertReadyUser(pool, name);
    await setVpsStatus(pool, "bert", { status: "failed", errorCode: "VM_ERROR", reason: "an example", nextStep: "none" });
    await createRelease(pool, { version: "1.4.2", cli: { url: "https://downloads.example.com/spoq", sha256: "ab".repeat(32) } }, "operator");
    browser = await openBrowser();
    page = await browser.context.newPage();
    page.setDefaultTimeout(30_000);
  });
  afterAll(() => browser.close());

  const focused = () => page.evaluate<Focused>(FOCUSED);
  const press = (...keys: string[]) => keys.reduce(async (before, key) => { await before; await page.keyboard.press(key); }, Promise.resolve());

  const insertMessages = (count: number) => pool.query(
    `INSERT INTO vps_notifications (message_id, target, ordering, events, next_attempt_at)
     SELECT 'msg_' || replace(gen_random_uuid()::text, '-', ''), 'backend', '', '[{"type":"vps.ready","at":"2026-01-01T00:00:00Z","username":"anna","data":{}}]', clock_timestamp() FROM generate_series(1, $1)`, [count]);

  /** Nobody is left without a place. */
  const someFocus = () => page.locator("main:focus, main :focus").first().waitFor();

  /** On by Tab until that has the focus; each stop on the way can be seen. */
  async function tabTo(wanted: string | RegExp, key = "Tab"): Promise<void> {
    const way: string[] = [];
    for (let tabs = 0; tabs < MOST_TABS; tabs += 1) {
      await page.keyboard.press(key);
      const { what, key: name, isSeen } = await focused();
      assert.ok(isSeen, `the focus on '${what}' cannot be seen`);
      way.push(what);
      if (typeof wanted === "string" ? what === wanted || name === wanted : wanted.test(what)) return;
    }
    throw new Error(`no way by Tab to ${String(wanted)}: ${way.join(" > ")}`);
  }

  it("logs in, and the fleet can be filtered by arrows and by letters", async () => {
    await page.goto(`${address}/`);
    await page.keyboard.type(await signToken({ sub: "operator@example.com", scope: "vps:admin" }, { expiresInSeconds: 3_600 }));
    await press("Enter");
    await page.getByText("1 to 3 of 3 users").waitFor();
    await tabTo(/^Status/);
    for (let downs = 0; downs < 10 && (await page.evaluate("document.activeElement.value")) !== "failed"; downs += 1) await press("ArrowDown");
    await page.waitForURL(/status=failed/);
    await page.getByText("1 to 1 of 1 user", { exact: true }).waitFor();
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.type("nobody-of-that-name");
    await page.getByText("No user fits.").waitFor();
    await tabTo("Show all");
    await press("Enter");
    await page.getByText("1 to 3 of 3 users").waitFor();
  });

  it("sorts, and the focus stays on the head of the column", async () => {
    await page.goto(`${address}/`);
    await page.getByText("1 to 3 of 3 users").waitFor();
    await tabTo("sort-status");
    await press("Enter");
    await page.waitForURL(/sort=status$/);
    assert.equal((await focused()).key, "sort-status");
    await press("Enter");
    await page.waitForURL(/order=desc/);
    assert.equal((await focused()).key, "sort-status");
  });

  it("keeps the focus where it is while the list changes beneath it, and near it when the row goes", async () => {
    await page.goto(`${address}/?search=cora`);
    await page.getByText("1 to 1 of 1 user", { exact: true }).waitFor();
    await tabTo("cora");
    await setVpsStatus(pool, "cora", { status: "provisioning", phase: "health", waitingFor: "an answer" });
    await page.locator("#rows tr", { hasText: "an answer" }).waitFor();
    assert.equal((await focused()).key, "cora");
    await pool.query("UPDATE user_vps SET is_pooled = true WHERE username = 'cora'");
    await page.getByText("No user fits.").waitFor();
    await someFocus();
    await pool.query("UPDATE user_vps SET is_pooled = false WHERE username = 'cora'");
    await setVpsStatus(pool, "cora", { status: "ready", phase: "done" });
  });

  it("opens a user, repairs with a question that holds the focus, and comes back to the button", async () => {
    await page.goto(`${address}/`);
    await page.getByText("1 to 3 of 3 users").waitFor();
    await tabTo("anna");
    await press("Enter");
    await page.waitForURL(/\/users\/anna$/);
    await page.getByRole("button", { name: "Repair…" }).waitFor();
    await tabTo("repair");
    await press("Enter");
    await page.getByRole("dialog").waitFor();
    assert.equal((await focused()).what, "Why, for the record");
    for (let tabs = 0; tabs < 8; tabs += 1) {
      await press("Tab");
      assert.equal(await page.evaluate("document.activeElement === document.body || document.getElementById('question').contains(document.activeElement)"), true, "the focus leaves the question");
    }
    // While it is asked, the buttons beneath are made anew.
    await setVpsStatus(pool, "anna", { status: "failed", errorCode: "VM_ERROR", reason: "an example", nextStep: "none" });
    await page.locator("#actions [data-key=retry]").waitFor({ state: "attached" });
    await setVpsStatus(pool, "anna", { status: "ready", phase: "done" });
    await page.locator("#actions [data-key=repair]").waitFor({ state: "attached" });
    await press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.locator("[data-key=repair]:focus").waitFor();
    await press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.type("by keys");
    await press("Enter");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.getByText("Repair: asked for.").waitFor();
    await someFocus();
    assert.deepEqual(jobs.enqueued.splice(0), [{ operation: "up", userId: "anna" }]);
    await setVpsStatus(pool, "anna", { status: "ready", phase: "done" });
  });

  it("chooses users by Space and has something done to them, and is not left without a place", async () => {
    await page.goto(`${address}/`);
    await page.getByText("1 to 3 of 3 users").waitFor();
    await tabTo("Choose bert");
    await press("Space");
    await page.locator("#bulk").getByText("1 chosen").waitFor();
    await tabTo("retry", "Shift+Tab");
    await press("Enter");
    await page.getByRole("dialog", { name: "Retry: 1 of 1" }).waitFor();
    await page.keyboard.type("by keys");
    await press("Enter");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.locator("#place:focus").waitFor();
    await page.locator("#rows tr", { hasText: "bert" }).filter({ hasText: "queued" }).waitFor();
  });

  it("rolls a release out", async () => {
    await page.goto(`${address}/releases`);
    await tabTo("roll-1.4.2");
    await press("Enter");
    await page.getByRole("dialog", { name: "Roll 1.4.2 out?" }).waitFor();
    assert.equal((await focused()).what, "Waves");
    await tabTo("Why, for the record");
    await page.keyboard.type("by keys");
    await press("Enter");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.locator("#roll-outs tr", { hasText: "by keys" }).waitFor();
    // The button is gone, for one roll-out goes on.
    await someFocus();
  });

  it("keeps the focus on a button while it does what it was pressed for, and when the button is made anew by that", async () => {
    await insertMessages(1);
    let sent = 0;
    await page.route("**/resend", async (route) => {
      sent += 1;
      await page.waitForTimeout(500);
      // The list that is read next is another one.
      await pool.query("UPDATE vps_notifications SET attempts = attempts + 1");
      await route.continue();
    });
    await page.goto(`${address}/notifications`);
    await page.locator("[data-key^=again-]").waitFor();
    await tabTo(/^Send again: /);
    const { key } = await focused();
    await press("Enter");
    await page.locator("[data-key^=again-][aria-busy=true]").waitFor();
    await press("Enter");
    assert.equal((await focused()).key, key);
    await page.getByText("It is sent again").waitFor();
    await page.locator("#messages", { hasText: "1 try" }).waitFor();
    assert.deepEqual([(await focused()).key, sent], [key, 1]);
    await page.unroute("**/resend");
  });

  it("keeps the focus on the button whose page of a list is the last", async () => {
    await insertMessages(60);
    await page.goto(`${address}/notifications`);
    await page.getByText("Page 1, 50 messages").waitFor();
    await tabTo("Next");
    await press("Enter");
    await page.getByText("Page 2, 11 messages").waitFor();
    await page.waitForTimeout(200);
    assert.equal((await focused()).what, "Next");
    await press("Enter");
    await page.getByText("Page 2, 11 messages").waitFor();
    await pool.query("DELETE FROM vps_notifications");
  });

  it("holds the focus nowhere: Tab leads through each page and out of it again", async () => {
    for (const path of ["/", "/findings", "/releases", "/purchases", "/pools", "/audit", "/notifications", "/health", "/users/anna"]) {
      await page.goto(address + path);
      await page.getByRole("button", { name: "Log out" }).waitFor();
      await tabTo("To the content");
      for (let tabs = 0; (await focused()).what !== ""; tabs += 1) {
        assert.ok(tabs < MOST_TABS, `${path}: no way out, at '${(await focused()).what}'`);
        await press("Tab");
        assert.ok((await focused()).isSeen, `${path}: the focus on '${(await focused()).what}' cannot be seen`);
      }
    }
  });
});
