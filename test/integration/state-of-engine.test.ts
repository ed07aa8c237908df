/** The engine and StateBackend look for a stack in one place, whatever the environment has for other servers and projects. */
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

const { pool, url } = await withDatabase();

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

  /** @param plain over what the project sets, as in a shell of one's own */
  async function pulumi(args: readonly string[], ofService: NodeJS.ProcessEnv, plain: NodeJS.ProcessEnv = {}): Promise<void> {
    const env = { ...process.env, ...ofService, PULUMI_HOME: join(folder, "home"), PULUMI_CONFIG_PASSPHRASE: "fake-passphrase-for-tests" };
    const { ok, reason } = await tryQuietly(args, { cwd: folder, env: { ...engineEnvironment(engine, env), PULUMI_HOME: env.PULUMI_HOME, ...engineBackend(url, { env }), ...plain } });
    assert.ok(ok, reason);
  }
  const endingsOf = async (stack: string) => {
    const { rows } = await pool.query<{ key: string }>("SELECT key FROM pulumi_state WHERE key LIKE '%/stacks/%' AND key NOT LIKE '%.bak' ORDER BY key");
    return rows.flatMap(({ key }) => key.split(`/stacks/user-vps/${stack}.`)[1] ?? []);
  };

  it.each([
    ["PGSERVICE", () => ({ PGSERVICE: "other", PGSERVICEFILE: join(folder, "services") })],
    ["PGHOSTADDR", () => ({ PGHOSTADDR: "127.0.0.99", PGPORT: "1" })],
    ["PULUMI_DIY_BACKEND_GZIP", () => ({ PULUMI_DIY_BACKEND_GZIP: "true" })],
    ["PULUMI_DIY_BACKEND_ZSTD", () => ({ PULUMI_DIY_BACKEND_ZSTD: "true" })],
    ["PULUMI_SELF_MANAGED_STATE_GZIP", () => ({ PULUMI_SELF_MANAGED_STATE_GZIP: "true" })],
  ])("is found with %s in the service's environment", async (_, env) => {
    const stack = newName("bare");
    await pulumi(["stack", "init", stack, "--no-select"], env());
    assert.deepEqual(await endingsOf(stack), ["json"]);
    assert.deepEqual((await backend.readStack(stack))?.resources, []);
  });

  it.each(["GZIP", "ZSTD"])("by a plain `pulumi` with PULUMI_DIY_BACKEND_%s is found, and no other is made beside it; the service's next engine unpacks it", async (kind) => {
    const stack = newName("packed");
    await pulumi(["stack", "init", stack, "--no-select"], {}, { [`PULUMI_DIY_BACKEND_${kind}`]: "true" });
    const [ending] = await endingsOf(stack);
    assert.equal(ending, kind === "GZIP" ? "json.gz" : "json.zst");
    assert.deepEqual((await backend.readStack(stack))?.resources, []);
    assert.ok(await backend.hasStack(stack));
    assert.ok((await backend.listStacks()).has(stack));
    assert.equal(await backend.createStack(stack), false);
    assert.deepEqual(await endingsOf(stack), [ending]);

    for (const way of ["export", "import"]) await pulumi(["stack", way, "--file", join(folder, "state.json"), "--stack", stack], {});
    assert.deepEqual(await endingsOf(stack), ["json"]);
    assert.deepEqual((await backend.readStack(stack))?.resources, []);
    await pulumi(["stack", "rm", "--yes", stack], {});
    await backend.removeCopies(stack);
    assert.equal((await pool.query("SELECT FROM pulumi_state WHERE key LIKE '%' || $1 || '%'", [stack])).rowCount, 0);
  });
});
