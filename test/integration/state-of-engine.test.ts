/** The engine and StateBackend look for a stack in one place, whatever the environment has for other servers. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { tryQuietly } from "../../src/cli/user-stack/pulumi-run.ts";
import { engineBackend } from "../../src/install-pulumi/engine-backend.ts";
import { engineEnvironment } from "../../src/install-pulumi/engine-environment.ts";
import { ensureEngine, preparePulumiHome, type Engine } from "../../src/install-pulumi/ensure-engine.ts";
import { StateBackend } from "../../src/provisioning/state-backend.ts";
import { newName } from "../support/new-name.ts";
import { withDatabase } from "../support/postgres.ts";

const { url } = await withDatabase();

describe("a stack that the engine makes", () => {
  const backend = new StateBackend(url, "user-vps");
  let engine: Engine;
  let folder: string;
  beforeAll(async () => {
    engine = await ensureEngine();
    folder = await mkdtemp(join(tmpdir(), "user-vps-state-of-engine-"));
    await preparePulumiHome(join(folder, "home"), engine);
    await writeFile(join(folder, "Pulumi.yaml"), "name: user-vps\nruntime: nodejs\n");
    await writeFile(join(folder, "services"), "[other]\nhost=127.0.0.1\nport=1\ndbname=other\n");
    await backend.open();
  });
  afterAll(async () => {
    await backend.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function pulumi(args: readonly string[], ofService: NodeJS.ProcessEnv): Promise<void> {
    const env = { ...process.env, ...ofService, PULUMI_HOME: join(folder, "home"), PULUMI_CONFIG_PASSPHRASE: "fake-passphrase-for-tests" };
    const { ok, reason } = await tryQuietly(args, { cwd: folder, env: { ...engineEnvironment(engine, env), PULUMI_HOME: env.PULUMI_HOME, ...engineBackend(url, { env }) } });
    assert.ok(ok, reason);
  }

  it.each([
    ["PGSERVICE", () => ({ PGSERVICE: "other", PGSERVICEFILE: join(folder, "services") })],
    ["PGHOSTADDR", () => ({ PGHOSTADDR: "127.0.0.99", PGPORT: "1" })],
  ])("is found with %s in the service's environment", async (_, env) => {
    const stack = newName("bare");
    await pulumi(["stack", "init", stack, "--no-select"], env());
    assert.deepEqual((await backend.readStack(stack))?.resources, []);
  });
});
