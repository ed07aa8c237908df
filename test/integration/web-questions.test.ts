/** The question before an action in Chromium, while the service is slow: what is asked is what is sent. Records alone, no engine. */
import assert from "node:assert/strict";
import type { Route } from "playwright-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { needing } from "../support/needs.ts";
import { openOperatorsBrowser, type OperatorsBrowser } from "../support/operators-browser.ts";
import { operatorsWorld } from "./operators-support.ts";

const { address, user } = await operatorsWorld();

describe("a question of the operators' pages", needing("browser"), () => {
  let the: OperatorsBrowser;
  beforeAll(async () => {
    await user("alice");
    await user("carol", "failed", null);
    the = await openOperatorsBrowser({ address });
    the.page.on("request", (request) => {
      const url = request.url();
      if (request.method() !== "POST" || url.endsWith("/preview")) return;
      sent.push(`${url.split("/").slice(-2).join(" ")}: ${request.postDataJSON().reason}`);
    });
  });
  afterAll(() => the.close());

  const button = (name: string) => the.page.getByRole("button", { name, exact: true });
  const question = (name: string) => the.page.getByRole("dialog", { name });
  const type = (text: string) => the.page.keyboard.type(text);
  const press = (key: string) => the.page.keyboard.press(key);
  /** What was sent that changes something, and why, since it was looked at last. */
  const sent: string[] = [];

  /** The first answer to that is held back until `letGo`, which waits until the page has it. */
  async function hold(path: string, isMeant: (route: Route) => boolean = () => true) {
    const held = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    await the.page.route(path, async (route) => {
      if (!isMeant(route)) return await route.continue();
      reached.resolve();
      await held.promise;
      await route.continue();
    });
    return {
      reached: reached.promise,
      async letGo() {
        const answered = the.page.waitForResponse((response) => new RegExp(path.replaceAll("*", ".*")).test(response.url()));
        held.resolve();
        await (await answered).finished();
        // The page has done with it what it does.
        await the.page.evaluate("new Promise((resume) => requestAnimationFrame(() => setTimeout(resume)))");
        await the.page.unrouteAll();
      },
    };
  }

  it("about many users stays what it is when the preview of another one comes late", async () => {
    await the.open("/");
    await the.page.getByRole("checkbox", { name: "Choose carol" }).check();
    const { reached, letGo } = await hold("**/bulk/preview", (route) => route.request().postDataJSON().action === "retry");
    await button("Retry…").click();
    await reached;
    assert.equal(await button("Retry…").getAttribute("aria-busy"), "true");
    await button("Repair…").click();
    await question("Repair: 0 of 1").waitFor();
    await type("drift of ");
    await letGo();
    await type("ticket 4711");
    await question("Repair: 0 of 1").waitFor();
    assert.equal(await the.page.getByLabel("Why, for the record").inputValue(), "drift of ticket 4711");
    await press("Enter");
    await press("Escape");
    await the.page.getByRole("dialog").waitFor({ state: "detached" });
    assert.deepEqual(sent, []);
  });

  it("about one user stays what it is when what another one has to know comes late", async () => {
    await the.open("/users/carol");
    const { reached, letGo } = await hold("**/api/admin/offers");
    await button("Retry…").click();
    await reached;
    await button("Suspend…").click();
    await question("Suspend the user?").waitFor();
    await type("abuse ");
    await letGo();
    await type("report 4712");
    await press("Enter");
    await the.page.getByText("Suspend: asked for.").waitFor();
    assert.deepEqual(sent.splice(0), ["carol suspend: abuse report 4712"]);
  });

  it("that comes late is not asked of who has gone on to type elsewhere", async () => {
    await the.open("/");
    await the.page.getByRole("checkbox", { name: "Choose carol" }).check();
    const { reached, letGo } = await hold("**/bulk/preview");
    await button("Retry…").click();
    await reached;
    await the.page.getByRole("searchbox", { name: "Search" }).fill("car");
    await letGo();
    await type("ol");
    await press("Enter");
    assert.equal(await the.page.getByRole("searchbox", { name: "Search" }).inputValue(), "carol");
    assert.equal(await the.page.getByRole("dialog").count(), 0);
    await button("Retry…").click();
    await question("Retry: 0 of 1").waitFor();
    await press("Escape");
  });

  it("is not left while it is sent, whatever is pressed, and its answer is its own", async () => {
    await the.open("/users/alice");
    const { reached, letGo } = await hold("**/alice/restart");
    await button("Restart…").click();
    await type("one");
    await press("Enter");
    await reached;
    for (const leave of [() => press("Escape"), () => press("Escape"), () => press("Escape"), () => button("No").click()]) {
      await leave();
      await question("Restart the VM?").getByText("It is sent already; the answer is waited for.").waitFor();
    }
    await letGo();
    await the.page.getByText("Restart: asked for.").waitFor();
    await the.page.getByRole("dialog").waitFor({ state: "detached" });
    await button("Suspend…").click();
    await question("Suspend the user?").waitFor();
    await type("the second");
    await press("Enter");
    await the.page.getByText("Suspend: asked for.").waitFor();
    assert.deepEqual(sent.splice(0), ["alice restart: one", "alice suspend: the second"]);
  });

  it("whose answer is a refusal says so, can be left and asked anew", async () => {
    await user("bob");
    await the.open("/users/bob");
    const refusal = { status: 409, json: { error: { code: "STATUS_CONFLICT", message: "Not now." } } };
    await the.page.route("**/bob/restart", (route) => route.fulfill(refusal), { times: 1 });
    await button("Restart…").click();
    await type("one");
    await press("Enter");
    await question("Restart the VM?").getByRole("alert").filter({ hasText: "Not now." }).waitFor();
    await press("Escape");
    await the.page.getByRole("dialog").waitFor({ state: "detached" });
    await button("Restart…").click();
    assert.equal(await question("Restart the VM?").getByRole("alert").count(), 0);
    await press("Escape");
  });

  it("ran without an error of a script and within its content security policy", () => assert.deepEqual(the.complaints, []));
});
