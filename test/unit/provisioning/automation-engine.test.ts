/** What the engine is started with; none is: there is no slot to be had, or a script stands in for it. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { AutomationEngine } from "../../../src/provisioning/automation-engine.ts";
import type { AutomationEngineOptions } from "../../../src/provisioning/automation-engine.ts";
import type { DestroyOptions, UpOptions } from "../../../src/provisioning/engine.ts";
import type { WantedRecord } from "../../../src/provisioning/lost-dns-record.ts";

let folder: string;
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), "user-vps-engine-")); });
afterAll(() => rm(folder, { recursive: true, force: true }));

async function environmentOf(options?: UpOptions): Promise<Readonly<Record<string, string>>> {
  let taken: Readonly<Record<string, string>> = {};
  const take = async (env: Readonly<Record<string, string>>) => {
    taken = env;
    throw new Error("no slot is free");
  };
  const engine = new AutomationEngine({
    folder, installed: { pluginsDir: folder, binDir: folder, version: "3.270.0" }, env: {}, backendUrl: "postgres://unused@127.0.0.1/unused",
    backend: { readStack: async () => undefined }, workerId: "worker", slots: { take },
  } as unknown as AutomationEngineOptions);
  await assert.rejects(engine.up({ stackName: "alice", config: {} }, { runId: "run-1" }, options), /no slot is free/);
  return taken;
}

/** A CLI that exports a state, with its secrets in plain text if it is asked to, and notes what it is given to import. */
const cli = (notes: string, importExit: number) => `#!/bin/sh
case "$*" in
  "stack export"*--show-secrets*) echo '{"version":3,"deployment":{"resources":[{"outputs":{"password":{"plaintext":"fake-secret"}}}],"pending_operations":[{}]}}' ;;
  "stack export"*) echo '{"version":3,"deployment":{"resources":[{"type":"t","outputs":{"password":{"ciphertext":"v1:abc"}}}],"pending_operations":[{}]}}' ;;
  "stack import"*) stat -c %a "$4" > "${notes}/mode"; cp "$4" "${notes}/imported"; echo "$4" > "${notes}/file"; exit ${importExit} ;;
esac
`;

/** Of a stack that an interrupted run has left a pending operation. */
function withPending(binDir: string): AutomationEngine {
  return new AutomationEngine({
    folder: join(folder, "engine"), installed: { pluginsDir: folder, binDir, version: "3.270.0" }, env: { PATH: process.env["PATH"] }, backendUrl: "postgres://unused@127.0.0.1/unused",
    backend: { readLocks: async () => [], readStack: async () => ({ resources: [], secretsSettings: {}, pendingOperations: [{ type: "creating", resource: { urn: "u", type: "t" } }] }) },
    workerId: "worker", processes: { add: async () => undefined },
  } as unknown as AutomationEngineOptions);
}

/** What a destroy asks of the zone before the state forgets anything. */
async function removedBefore(options?: DestroyOptions, { refuseLost, fails = /no slot is free/ }: { readonly refuseLost?: () => Promise<void>; readonly fails?: RegExp } = {}): Promise<WantedRecord[]> {
  const removed: WantedRecord[] = [];
  const resources = [
    { urn: "urn:vm", type: "pulumi-nodejs:dynamic/hostinger:VirtualMachine", outputs: { vmId: 17, ipv4: "127.0.0.9" } },
    { urn: "urn:record", type: "cloudflare:index/dnsRecord:DnsRecord", inputs: { name: "alice.spoq.dev" }, outputs: { name: "alice.spoq.dev", content: "127.0.0.9" } },
  ];
  const engine = new AutomationEngine({
    folder, installed: { pluginsDir: folder, binDir: folder, version: "3.270.0" }, env: {}, backendUrl: "postgres://unused@127.0.0.1/unused", workerId: "worker",
    backend: { readStack: async () => ({ resources, pendingOperations: [], secretsSettings: {} }) },
    slots: { take: async () => { throw new Error("no slot is free"); } },
    dns: { removeUnknown: async (record: WantedRecord) => removed.push(record) > 0 },
  } as unknown as AutomationEngineOptions);
  await assert.rejects(engine.destroy({ stackName: "alice", config: {} }, { runId: "run-1", refuseLost }, options), fails);
  return removed;
}

describe("a destroy", () => {
  it("that leaves the VM removes the DNS record that leads to it before the state forgets both", async () => {
    assert.deepEqual(await removedBefore({ leavesVm: true }), [{ name: "alice.spoq.dev", content: "127.0.0.9" }]);
  });

  it("removes none for a process that stood still: whoever has the user by now may have made it", async () => {
    const refuseLost = async () => { throw new UserVpsError("RUN_LOST", "this process stood still"); };
    assert.deepEqual(await removedBefore({ leavesVm: true }, { refuseLost, fails: /this process stood still/ }), []);
  });

  it("of all leaves that to the engine", async () => {
    assert.deepEqual(await removedBefore(), []);
  });
});

describe("a run of the engine", () => {
  it("has come to nothing for a process that stood still when it ended: the user is another's by now", async () => {
    const bin = join(folder, "bin-of-lost");
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, "pulumi"), cli(bin, 0), { mode: 0o755 });
    const refuseLost = async () => { if (existsSync(join(bin, "mode"))) throw new UserVpsError("RUN_LOST", "this process stood still"); };
    await assert.rejects(withPending(bin).clearInterruptedRun({ stackName: "alice", config: {} }, { runId: "run-lost", refuseLost }), { code: "RUN_LOST" });
    assert.equal((await readFile(join(bin, "mode"), "utf8")), "600\n", "the engine had done its part");
  });

  it("ends no engine and removes no lock and no DNS record where it stood still just before: they are of whoever has the user by now", async () => {
    const done: string[] = [];
    let isLost = true;
    const engine = new AutomationEngine({
      folder, installed: {}, env: {}, backendUrl: "postgres://unused@127.0.0.1/unused", workerId: "worker", processes: {},
      backend: {
        readLocks: async () => (done.push("locks"), []),
        readStack: async () => {
          isLost = true;
          return { resources: [], secretsSettings: {}, pendingOperations: [{ type: "creating", resource: { urn: "u", type: "cloudflare:index/dnsRecord:DnsRecord", inputs: { name: "alice.spoq.dev", content: "127.0.0.9" } } }] };
        },
      },
      dns: { removeUnknown: async () => done.push("dns") > 0 },
    } as unknown as AutomationEngineOptions);
    const refuseLost = async () => { if (isLost) throw new UserVpsError("RUN_LOST", "this process stood still"); };
    const clear = () => assert.rejects(engine.clearInterruptedRun({ stackName: "alice", config: {} }, { runId: "run-lost", refuseLost }), { code: "RUN_LOST" });
    await clear();
    assert.deepEqual(done, []);
    isLost = false;
    await clear();
    assert.deepEqual(done, ["locks"], "it stood still while it read the state");
  });

  it("may buy only if whoever starts it says so", async () => {
    const allowed = async (options?: UpOptions) => (await environmentOf(options))["USER_VPS_ALLOW_PURCHASE"];
    assert.equal(await allowed(), "false");
    assert.equal(await allowed({ refresh: true }), "false");
    assert.equal(await allowed({ mayBuy: true }), "true");
  });

  it("does again on the VPS what whoever starts it says, and nothing otherwise", async () => {
    const again = async (options?: UpOptions) => (await environmentOf(options))["USER_VPS_RUN_AGAIN"];
    assert.equal(await again({ refresh: true }), "");
    assert.equal(await again({ again: ["release", "health"] }), "release,health");
  });

  it("forgets pending operations by a state whose secrets stay encrypted, in a file for its own user that is gone afterwards, whatever comes of it", async () => {
    const [bin, temporary, notes] = [join(folder, "bin"), join(folder, "tmp"), join(folder, "notes")];
    for (const path of [bin, temporary, notes]) await mkdir(path, { recursive: true });
    const before = process.env["TMPDIR"];
    process.env["TMPDIR"] = temporary;
    try {
      for (const exit of [0, 1]) {
        await writeFile(join(bin, "pulumi"), cli(notes, exit), { mode: 0o755 });
        const cleared = withPending(bin).clearInterruptedRun({ stackName: "alice", config: {} }, { runId: `run-${exit}` });
        await (exit === 0 ? cleared : assert.rejects(cleared));
        assert.deepEqual(JSON.parse(await readFile(join(notes, "imported"), "utf8")), { version: 3, deployment: { resources: [{ type: "t", outputs: { password: { ciphertext: "v1:abc" } } }] } });
        assert.equal(await readFile(join(notes, "mode"), "utf8"), "600\n");
        await assert.rejects(readFile((await readFile(join(notes, "file"), "utf8")).trim()), { code: "ENOENT" });
        assert.deepEqual(await readdir(temporary), []);
      }
    } finally {
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
    }
  });
});
