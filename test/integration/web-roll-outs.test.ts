/** A release on its way through the fleet, seen on the page. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { assertAccessible } from "../support/axe.ts";
import { needing } from "../support/needs.ts";
import { openPageWorld, type PageWorld } from "../support/page-world.ts";
import { withDatabase } from "../support/postgres.ts";

const { url: databaseUrl } = await withDatabase();

const CONDUCTOR = { url: "https://downloads.example.com/conductor-2", sha256: "ab".repeat(32) };

describe("roll-outs on the operators' page", needing("browser"), () => {
  let the: PageWorld;
  beforeAll(async () => {
    the = await openPageWorld({ databaseUrl });
    await the.logIn();
    for (const username of ["gina", "hans"]) await the.signUp(username);
    for (const username of ["gina", "hans"]) {
      await the.page.goto(`${the.world.url}/users/${username}`);
      await the.page.locator("#badge", { hasText: "ready" }).waitFor();
    }
  });
  afterAll(() => the.close());

  const ask = async (path: string, body: object) => {
    const answer = await fetch(`${the.world.url}/api/admin/${path}`, { method: "POST", headers: { authorization: `Bearer ${await the.operatorToken()}`, "content-type": "application/json" }, body: JSON.stringify(body) });
    assert.ok(answer.ok, await answer.text());
  };
  const rowOf = (version: string) => the.page.locator("#roll-outs tr", { has: the.page.getByRole("rowheader", { name: version }) });

  it("are not there as long as nothing was rolled out", async () => {
    await the.page.goto(`${the.world.url}/releases`);
    await the.page.getByText("Nothing was rolled out yet.").waitFor();
    await the.page.getByText(/^No release is known yet/).waitFor();
    await assertAccessible(the.page);
  });

  it("show one that its failures stopped, and whose VPS did not take it", async () => {
    await the.control("artefacts", { ...CONDUCTOR, version: "2.0.0", healthy: false });
    await ask("releases", { version: "2.0.0", conductor: CONDUCTOR });
    await ask("roll-outs", { version: "2.0.0", confirm: "2.0.0", reason: "a test" });
    await the.page.reload();
    await rowOf("2.0.0").filter({ hasText: "stopped" }).filter({ hasText: "1 failed, 1 skipped" }).filter({ hasText: "operator@example.com: a test" }).waitFor();
    await the.page.locator("#roll-out-failures li", { hasText: /^gina did not take 2\.0\.0: RELEASE_FAILED/ }).waitFor();
    await assertAccessible(the.page);
  });

  it("can be cancelled while they go on", async () => {
    await the.control("artefacts", { ...CONDUCTOR, version: "2.0.1", healthy: true });
    await ask("releases", { version: "2.0.1", conductor: CONDUCTOR });
    await ask("roll-outs", { version: "2.0.1", confirm: "2.0.1", reason: "another test", concurrency: 1 });
    await the.page.reload();
    await the.page.getByRole("button", { name: "Cancel 2.0.1" }).click();
    await rowOf("2.0.1").filter({ hasText: "cancelled" }).waitFor();
    assert.equal(await the.page.getByRole("button", { name: /^Cancel/ }).count(), 0);
  });

  it("ran without an error of a script and within its content security policy", () => {
    assert.deepEqual(the.complaints, []);
  });
});
