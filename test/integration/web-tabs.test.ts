/** Many tabs of one browser, which has six connections to a host, and answers that do not come. Records alone, no engine. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { saveVpsResult, setVpsStatus } from "../../src/records/index.ts";
import { withListeningApp } from "../support/http-app.ts";
import { needing } from "../support/needs.ts";
import { openOperatorsBrowser, type OperatorsBrowser } from "../support/operators-browser.ts";
import { insertReadyUser } from "../support/ready-user.ts";
import { signToken } from "../support/tokens.ts";
import { until } from "../support/until.ts";

const CONNECTIONS = 6;
const LIMIT_MS = 60_000;
const { address, jobs, pool } = await withListeningApp({ env: { USER_ACTIONS: "restart" } });

describe("pages in many tabs", needing("browser"), () => {
  let the: OperatorsBrowser;
  beforeAll(async () => {
    for (const [place, name] of ["alice", "bob"].entries()) {
      await insertReadyUser(pool, name);
      await saveVpsResult(pool, name, { hostingerVmId: 17 + place, address: `192.0.2.${17 + place}` });
    }
    the = await openOperatorsBrowser({ address });
  });
  afterAll(() => the.close());

  const setHidden = (tab: Page, isHidden: boolean) => tab.evaluate(`
    Object.defineProperty(document, "hidden", { configurable: true, value: ${isHidden} });
    document.dispatchEvent(new Event("visibilitychange"));`);

  /** As many as take all connections where each keeps one; nobody sees them any more. */
  async function hiddenTabs(path: string, isThere: (tab: Page) => Promise<unknown>): Promise<Page[]> {
    const tabs: Page[] = [];
    for (let number = 0; number < CONNECTIONS; number += 1) {
      const tab = await the.page.context().newPage();
      tab.setDefaultTimeout(LIMIT_MS);
      await tab.goto(address + path);
      await isThere(tab);
      await setHidden(tab, true);
      tabs.push(tab);
    }
    return tabs;
  }

  it("of operators leave a connection to the next one and to what is asked for in it, and are live again when they are seen", async () => {
    const badge = (tab: Page, text: string) => tab.locator("#badge", { hasText: text }).waitFor();
    const [first, ...others] = await hiddenTabs("/users/alice", (tab) => badge(tab, "ready"));
    await the.open("/users/bob");
    await the.page.getByRole("button", { name: "Restart…" }).click();
    await the.page.getByLabel("Why, for the record").fill("an example");
    await the.page.keyboard.press("Enter");
    await the.page.getByText("Restart: asked for.").waitFor();
    assert.deepEqual(jobs.enqueued.splice(0).map(({ operation, userId }) => [operation, userId]), [["power", "bob"]]);
    await setVpsStatus(pool, "alice", { status: "suspended" });
    await setHidden(first!, false);
    await badge(first!, "suspended");
    await setVpsStatus(pool, "alice", { status: "ready" });
    await badge(first!, "ready");
    for (const tab of [first!, ...others]) await tab.close();
  });

  it("of a user do so as well", async () => {
    const token = await signToken({ sub: "bob", username: "bob" });
    const answer = await fetch(`${address}/api/vps/hand-over`, { method: "POST", headers: { authorization: `Bearer ${token}` } });
    const { url } = await answer.json() as { url: string };
    await the.page.goto(url);
    const badge = (tab: Page) => tab.locator("#badge .good").waitFor();
    await badge(the.page);
    await setHidden(the.page, true);
    const tabs = await hiddenTabs("/me", badge);
    await setHidden(the.page, false);
    await the.page.getByRole("button", { name: "Restart" }).click();
    await the.page.getByRole("dialog").getByRole("button", { name: "Restart" }).click();
    const isAsked = () => jobs.enqueued.splice(0).some(({ operation, userId }) => operation === "power" && userId === "bob");
    await until("the restart to be asked for", isAsked);
    for (const tab of tabs) await tab.close();
  });

  it("say so where an answer does not come, and go on when one does", async () => {
    const isHeld = Promise.withResolvers<void>();
    await the.page.route("**/api/admin/findings?*", async (route) => {
      await isHeld.promise;
      await route.abort();
    }, { times: 1 });
    // The time that an answer has is over soon.
    await the.page.addInitScript(`AbortSignal.timeout = () => {
      const over = new AbortController();
      setTimeout(() => over.abort(), 3_000);
      return over.signal;
    }`);
    await the.open("/findings");
    await the.page.getByText(/^The service does not answer\./).waitFor();
    await the.page.getByText("None yet: no sweep has looked.").waitFor();
    await the.page.locator("#away").waitFor({ state: "hidden" });
    isHeld.resolve();
  });

  it("ran without an error of a script and within their content security policy", () => assert.deepEqual(the.complaints, []));
});
