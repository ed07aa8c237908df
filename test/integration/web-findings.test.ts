/** Findings in Chromium where there are none: whether all is as declared, or nobody knows. Records alone, nobody sweeps. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { beginSweep, finishSweep, requestSweep, type SweepEnd } from "../../src/drift/sweeps.ts";
import { assertAccessible } from "../support/axe.ts";
import { needing } from "../support/needs.ts";
import { openOperatorsBrowser, type OperatorsBrowser } from "../support/operators-browser.ts";
import { operatorsWorld } from "./operators-support.ts";

const { address, find, forget, pool, user } = await operatorsWorld();

describe("no finding", needing("browser"), () => {
  let the: OperatorsBrowser;
  beforeAll(async () => {
    await user("alice");
    the = await openOperatorsBrowser({ address });
  });
  afterAll(() => the.close());
  beforeEach(async () => {
    await pool.query("DELETE FROM vps_findings");
    await pool.query("DELETE FROM vps_sweeps");
  });

  const ask = () => requestSweep(pool, "operator");
  const begin = async () => {
    await ask();
    return (await beginSweep(pool))!.sweepId;
  };
  const sweep = async (end: SweepEnd) => finishSweep(pool, await begin(), end);
  const succeed = () => sweep({ outcome: "succeeded", users: 1, seconds: 1, apiCalls: 3 });
  const fail = () => sweep({ outcome: "failed", message: "Hostinger refuses the token." });
  const said = (text: string) => the.page.locator("#findings").getByText(text, { exact: true }).waitFor();

  it("tells that no sweep has looked, or that the first one waits or goes on", async () => {
    await the.open("/findings");
    await said("None yet: no sweep has looked.");
    await ask();
    await said("Not known yet: the first sweep goes on.");
    await begin();
    await said("Not known yet: the first sweep goes on.");
  });

  it("tells that everything is as declared after a sweep, also while the next one goes on", async () => {
    await succeed();
    await the.open("/findings");
    await said("None: everything is as declared.");
    await begin();
    await the.page.getByText("A sweep goes on.").waitFor();
    await said("None: everything is as declared.");
  });

  it("tells that nobody knows after a sweep that failed or was lost, on the fleet's page too", async () => {
    await succeed();
    await fail();
    await the.open("/findings");
    await said("Not known: the last sweep failed.");
    await assertAccessible(the.page);
    await the.open("/");
    await the.page.locator("#attention li", { hasText: "The last sweep failed" }).filter({ hasText: "Hostinger refuses the token." }).waitFor();
    await begin();
    await ask();
    // What was begun is lost once another one begins.
    assert.ok(await beginSweep(pool));
    await the.page.locator("#attention").getByRole("link", { name: "The last sweep was lost" }).click();
    await said("Not known: the last sweep was lost.");
    await succeed();
    await said("None: everything is as declared.");
    await the.open("/");
    await the.page.getByText("Nothing needs anybody.").waitFor();
  });

  it("of one kind, or on a page that is empty by now, says nothing of the others", async () => {
    await find("alice", ["VmStopped"]);
    await succeed();
    await the.open("/findings?kind=RecordDiffers");
    await said("None of this kind.");
    await the.open("/findings?cursor=1");
    await said("None on this page any more.");
    await forget();
    await the.open("/findings");
    await said("None: everything is as declared.");
  });

  it("ran without an error of a script and within its content security policy", () => assert.deepEqual(the.complaints, []));
});
