/** What a run of the engine is started with; no engine is started, for there is no slot to be had. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { AutomationEngine } from "../../../src/provisioning/automation-engine.ts";
import type { AutomationEngineOptions } from "../../../src/provisioning/automation-engine.ts";
import type { UpOptions } from "../../../src/provisioning/engine.ts";

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

describe("a run of the engine", () => {
  it("may buy only if whoever starts it says so", async () => {
    const allowed = async (options?: UpOptions) => (await environmentOf(options))["USER_VPS_ALLOW_PURCHASE"];
    assert.equal(await allowed(), "false");
    assert.equal(await allowed({ refresh: true }), "false");
    assert.equal(await allowed({ mayBuy: true }), "true");
  });
});
