/** A wipe that was asked for, by runs of which one did not live to say that it ordered it. */
import assert from "node:assert/strict";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it, vi } from "vitest";
import * as provider from "../../providers/hostinger/virtual-machine-provider.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { atEnd } from "../support/at-end.ts";
import { beginRun, inputs } from "../support/vm-provider.ts";

let sandbox: Sandbox;
beforeAll(async () => { sandbox = await startSandbox({ bootMs: 30, scriptMs: 10, actionMs: 10 }); });
beforeEach(() => beginRun(sandbox));
afterEach(() => sandbox.reset());
afterAll(() => sandbox.close());

function onlyVm() {
  const { vms } = sandbox.state();
  assert.equal(vms.length, 1);
  return vms[0]!;
}

describe("a wipe that is asked for", () => {
  it("is ordered once, also if the run that ordered it did not live to say so", async () => {
    const { id, outs } = await provider.create(inputs());
    const change = { recreation: `1 ${new Date().toISOString()}`, allowRecreateOf: Number(id) };
    const wipes = () => onlyVm().actions.filter(({ name }) => name === "recreate").length;
    await provider.update(id, outs, inputs(change));
    assert.equal(wipes(), 1);
    // What is known is as before: the run died after the order.
    const { outs: after } = await provider.update(id, outs, inputs(change));
    assert.deepEqual([wipes(), after["recreation"]], [1, change.recreation]);
    await provider.update(id, after, inputs({ ...change, recreation: `2 ${new Date(Date.now() + 2_000).toISOString()}` }));
    assert.equal(wipes(), 2);
  });

  it("is not ordered for a time that was told by a clock that is wrong, or was: another one may have been ordered for it", async () => {
    const { id, outs } = await provider.create(inputs());
    const wipes = () => onlyVm().actions.filter(({ name }) => name === "recreate");
    const ask = (recreation: string) => provider.update(id, outs, inputs({ recreation, allowRecreateOf: Number(id) }));
    await ask("1 after action 0");
    const [ordered] = wipes();
    // As an hour ago, by a clock that was an hour ahead, and a run that died after the order.
    await assert.rejects(ask(`1 ${new Date(Date.now() + 3_600_000).toISOString()}`), new RegExp(`CHANGE_REFUSED: .* ahead of Hostinger's clock.* last wipe \\(action ${ordered!.id}, .*"1 after action ${ordered!.id - 1}"`));
    const { now } = Date;
    const clock = vi.spyOn(Date, "now").mockImplementation(() => now() - 2 * 3_600_000);
    atEnd(() => clock.mockRestore());
    await assert.rejects(ask(`1 ${new Date(Date.now()).toISOString()}`), /CHANGE_REFUSED: .*this machine's clock is 7\d\d\d s behind Hostinger's/);
    clock.mockRestore();
    assert.equal(wipes().length, 1);
    // What the refusal names takes the wipe for what was asked for.
    await ask(`1 after action ${ordered!.id - 1}`);
    assert.equal(wipes().length, 1);
  });

  it("is told from an earlier one by the action after which it comes, not by clocks", async () => {
    const { id, outs } = await provider.create(inputs());
    const wipes = () => onlyVm().actions.filter(({ name }) => name === "recreate");
    const change = (number: number) => ({ recreation: `${number} after action ${Math.max(0, ...onlyVm().actions.map((action) => action.id))}`, allowRecreateOf: Number(id) });
    const first = change(1);
    const { outs: after } = await provider.update(id, outs, inputs(first));
    // What is known is as before: the run died after the order.
    await provider.update(id, outs, inputs(first));
    assert.equal(wipes().length, 1);
    const second = change(2);
    await provider.update(id, after, inputs(second));
    assert.equal(wipes().length, 2);
    await provider.update(id, after, inputs(second));
    assert.equal(wipes().length, 2);
  });
});
