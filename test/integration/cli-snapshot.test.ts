import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { startSandbox } from "../../src/sandbox/index.ts";
import { callJson, runCli, runJson, temporaryFolder } from "./cli-support.ts";
import type { ErrorDocument } from "./cli-support.ts";

interface Shown {
  readonly vmId: number;
  readonly snapshot: { readonly id: number; readonly createdAt: string } | null;
}

describe("user-vps vm snapshot-…", async () => {
  const sandbox = await startSandbox({ dataDir: temporaryFolder(), bootMs: 50, scriptMs: 50, actionMs: 30 });
  afterAll(() => sandbox.close());
  const { HOSTINGER_API_BASE_URL, HOSTINGER_API_KEY } = sandbox.env;
  const env = { HOSTINGER_API_BASE_URL, HOSTINGER_API_KEY };
  const hostname = "one.spoq.dev";
  let vmId: string;
  beforeAll(async () => {
    vmId = String((await runJson<{ vm: { id: number } }>(["vm", "create", hostname, "--yes", "--max-price-cents", "1399"], { env })).vm.id);
  });
  const run = (verb: string, ...more: string[]) => runCli(["vm", `snapshot-${verb}`, vmId, ...more], { env });
  const shown = async () => (await runJson<Shown>(["vm", "snapshot-show", vmId], { env })).snapshot;
  /** Whatever there was before. */
  async function withSnapshot(isThere: boolean): Promise<void> {
    if (((await callJson<Shown>(["vm", "snapshot-show", vmId], { env })).snapshot !== null) === isThere) return;
    await callJson(["vm", `snapshot-${isThere ? "create" : "delete"}`, vmId, "--confirm", hostname], { env });
  }
  const ordered = () => sandbox.state().vms[0]!.actions.map(({ name }) => name).filter((name) => name.includes("snapshot"));
  async function refused(verb: string): Promise<void> {
    const before = ordered();
    for (const confirm of [[], ["--confirm", "two.spoq.dev"], ["--confirm", ""], ["--confirm", vmId]]) {
      // Without it, somebody would be asked.
      const call = confirm.length === 0 ? runJson : callJson;
      const { error } = await call<ErrorDocument>(["vm", `snapshot-${verb}`, vmId, ...confirm], { env, code: 3 });
      assert.match(error.next, /--confirm one\.spoq\.dev/);
    }
    assert.deepEqual(ordered(), before);
  }

  it("shows that there is none, and then has nothing to restore or to remove", async () => {
    await withSnapshot(false);
    assert.deepEqual(await runJson<Shown>(["vm", "snapshot-show", vmId], { env }), { vmId: Number(vmId), snapshot: null });
    assert.equal((await run("show")).stdout, `${hostname}: no snapshot.\n`);
    for (const verb of ["restore", "delete"]) assert.match((await runJson<ErrorDocument>(["vm", `snapshot-${verb}`, vmId, "--confirm", hostname], { env, code: 2 })).error.message, /has no snapshot/);
  });

  it("makes the first one without asking, for nothing is lost", async () => {
    await withSnapshot(false);
    const { code, stdout } = await run("create");
    assert.equal(code, 0);
    assert.match(stdout, /^one\.spoq\.dev: a snapshot of VM \d+ is made; Hostinger keeps it until \d{4}-\d\d-\d\d /);
    assert.match((await run("show")).stdout, /^created \(UTC\) +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/m);
  });

  it("replaces it only with the host name typed again", async () => {
    await withSnapshot(true);
    const first = await shown();
    await refused("create");
    assert.deepEqual(await shown(), first);
    const { snapshot } = await runJson<Shown>(["vm", "snapshot-create", vmId, "--confirm", hostname], { env });
    assert.notEqual(snapshot?.id, first?.id);
    assert.deepEqual(await shown(), snapshot);
  });

  it("restores only with the host name typed again, and waits for its end", async () => {
    await withSnapshot(true);
    await refused("restore");
    assert.match((await run("restore", "--confirm", hostname)).stdout, /^one\.spoq\.dev: VM \d+ is what it was at \d{4}-/);
    assert.deepEqual([ordered().at(-1), sandbox.state().vms[0]!.state, sandbox.state().vms[0]!.locked], ["restore_snapshot", "running", false]);
    assert.equal((await runJson<{ action: string }>(["vm", "snapshot-restore", vmId, "--confirm", hostname], { env })).action, "snapshot-restore");
  });

  it("removes it only with the host name typed again", async () => {
    await withSnapshot(true);
    await refused("delete");
    assert.deepEqual(await runJson(["vm", "snapshot-delete", vmId, "--confirm", hostname], { env }), { action: "snapshot-delete", vmId: Number(vmId), deleted: true });
    assert.equal(await shown(), null);
  });

  it("tells a number that is none, a VM that is not there, and a token that does not do apart", async () => {
    for (const verb of ["show", "create", "restore", "delete"]) {
      assert.equal((await callJson<ErrorDocument>(["vm", `snapshot-${verb}`, "../1"], { env, code: 2 })).error.code, "INPUT_INVALID");
      assert.equal((await callJson<ErrorDocument>(["vm", `snapshot-${verb}`, "999999", ...(verb === "show" ? [] : ["--confirm", hostname])], { env, code: 1 })).error.code, "API_NOT_FOUND");
    }
    assert.equal((await runJson<ErrorDocument>(["vm", "snapshot-show", vmId], { env: { ...env, HOSTINGER_API_KEY: "fake-token-that-nobody-accepts" }, code: 1 })).error.code, "API_UNAUTHORIZED");
  });
});
