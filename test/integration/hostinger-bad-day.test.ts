import assert from "node:assert/strict";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { UserVpsError } from "../../providers/core/errors.ts";
import type { ErrorCode } from "../../providers/core/errors.ts";
import { HostingerClient } from "../../providers/hostinger/api/client.ts";
import { deleteScript } from "../../providers/hostinger/delete-script.ts";
import { obtainVm, readPurchases } from "../../providers/hostinger/purchase/index.ts";
import { runAction } from "../../providers/hostinger/run-action.ts";
import type { Session } from "../../providers/hostinger/session.ts";
import { hostingerSettings } from "../../providers/hostinger/settings.ts";
import { getVm, waitForRunning } from "../../providers/hostinger/wait-for-running.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Fault, Sandbox } from "../../src/sandbox/index.ts";
import { ALICE } from "../support/fake-account.ts";
import { buy, control, QUICK } from "./sandbox-support.ts";

const withCode = (code: ErrorCode) => (error: unknown) => error instanceof UserVpsError && error.code === code;
const NOT_FOUND: Fault = { kind: "status", status: 404, body: { message: "Virtual machine not found", correlation_id: "fake" } };

describe("on a bad day of Hostinger's API", () => {
  let sandbox: Sandbox;
  let session: Session;
  let reports: string[];

  beforeAll(async () => {
    sandbox = await startSandbox(QUICK);
  });
  beforeEach(() => {
    sandbox.reset();
    reports = [];
    const settings = hostingerSettings({ get: () => undefined }, sandbox.env);
    const signal = AbortSignal.timeout(60_000);
    const client = new HostingerClient({ baseUrl: settings.baseUrl, apiKey: settings.apiKey, retryLimitMs: 2_000, signal });
    session = { client, settings, signal, report: (text) => void reports.push(text) };
    return () => client.close();
  });
  afterAll(() => sandbox.close());

  const fault = (method: string, path: string, what: Fault, times = 0) => sandbox.addFault({ api: "hostinger", method, path: `/api/vps/v1/${path}$`, times, fault: what });

  it("a VM that was just bought and is not found is waited for", async () => {
    const vmId = await buy(sandbox, { hostname: ALICE.hostname });
    fault("GET", `virtual-machines/${vmId}`, NOT_FOUND, 3);
    assert.equal((await waitForRunning(session, vmId, ALICE, { isNew: true })).state, "running");
    assert.match(reports[0] ?? "", /does not find VM \d+, which is new or was there a moment ago/);
  });

  it("a VM that was there a moment ago and is not found is looked for again", async () => {
    const vmId = await buy(sandbox, { hostname: ALICE.hostname });
    await getVm(session, vmId, ALICE.hostname);
    fault("GET", `virtual-machines/${vmId}`, NOT_FOUND, 2);
    assert.equal((await getVm(session, vmId, ALICE.hostname)).id, vmId);
  });

  it("a VM that nobody has seen is gone at once", async () => {
    await assert.rejects(getVm(session, 4711, ALICE.hostname), withCode("VM_GONE"));
    await assert.rejects(waitForRunning(session, 4711, ALICE), withCode("VM_GONE"));
  });

  it("the list of actions, which only makes a message nicer, fails nobody", async () => {
    await control(sandbox, "POST", "boot", { bootMs: 700 });
    const vmId = await buy(sandbox, { hostname: ALICE.hostname });
    fault("GET", `virtual-machines/${vmId}/actions`, { kind: "status", status: 403 });
    assert.equal((await waitForRunning(session, vmId, ALICE)).state, "running");
    assert.match(reports.join("\n"), /waiting for VM \d+ to run: creating/);
  });

  it("an action that was just ordered and is not found is waited for", async () => {
    const vmId = await buy(sandbox, { hostname: ALICE.hostname });
    await waitForRunning(session, vmId, ALICE);
    fault("GET", `virtual-machines/${vmId}/actions/\\d+`, NOT_FOUND, 2);
    await runAction(session, { vmId, hostname: ALICE.hostname }, "stopping", () => session.client.virtualMachines.stop(vmId));
    assert.equal(sandbox.state().vms[0]?.state, "stopped");
  });

  it("the record of a purchase whose making was not answered is found, and gone on with", async () => {
    fault("POST", "post-install-scripts", { kind: "status", status: 504, afterEffect: true }, 1);
    const { vmId } = await obtainVm(session, ALICE);
    assert.deepEqual(sandbox.state().vms.map(({ id }) => id), [vmId]);
    assert.deepEqual((await readPurchases(session, ALICE.hostname)).map(({ state }) => state), ["seen"]);
  });

  it("a script whose removal was answered, and did nothing, is removed again", async () => {
    const { id } = await session.client.scripts.create({ name: "alice", content: "#!/bin/sh\n" });
    fault("DELETE", `post-install-scripts/${id}`, { kind: "status", status: 200, body: { message: "Request accepted" } }, 1);
    await deleteScript(session, id);
    assert.deepEqual(sandbox.state().scripts, []);
  });

  it("a script that is never removed is an error that says so", async () => {
    const { id } = await session.client.scripts.create({ name: "alice", content: "#!/bin/sh\n" });
    fault("DELETE", `post-install-scripts/${id}`, { kind: "status", status: 200, body: { message: "Request accepted" } });
    await assert.rejects(deleteScript(session, id), withCode("API_WITHOUT_EFFECT"));
    assert.equal(sandbox.state().scripts.length, 1);
  });
});
