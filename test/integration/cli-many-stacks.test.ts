/** A state backend on PostgreSQL with many more stacks than the engine has connections. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, it } from "vitest";
import { asExportLines, sandboxEnvironment } from "../../src/cli/sandbox-env.ts";
import { ensureEngine } from "../../src/install-pulumi/ensure-engine.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { withDatabase } from "../support/postgres.ts";
import { CHECKOUT, runCli, runJson, temporaryFolder } from "./cli-support.ts";
import type { ErrorDocument } from "./cli-support.ts";

/** Pulumi's own limit for what hangs here is 300 s. */
const LIMIT_MS = 240_000;
const STACKS = 12;

describe("12 stacks on PostgreSQL and an engine with two CPUs", async () => {
  const folder = temporaryFolder();
  const { pool, url } = await withDatabase({ migrated: false });
  const sandbox = await startSandbox({ dataDir: folder, bootMs: 100, scriptMs: 50, actionMs: 50 });
  afterAll(() => sandbox.close());
  const engine = await ensureEngine();
  const exported = sandboxEnvironment(sandbox, engine, url);
  const env = { ...exported, GOMAXPROCS: "2" };
  const limited = { env, limitMs: LIMIT_MS };

  beforeAll(async () => {
    assert.equal((await runCli(["up", "karl", "--yes"], limited)).code, 0);
    const { rowCount } = await pool.query(
      `INSERT INTO pulumi_state (key, data) SELECT replace(key, 'karl', 'karl' || n), data
       FROM pulumi_state, generate_series(2, $1::int) n WHERE key LIKE '%/stacks/user-vps/karl.json'`, [STACKS]);
    assert.equal(rowCount, STACKS - 1);
  });

  it("`pulumi stack ls` ends, in a shell with what `user-vps sandbox` wrote", async () => {
    writeFileSync(join(folder, "env"), asExportLines(exported, engine.binDir));
    const shell = `export GOMAXPROCS=2; . ${join(folder, "env")}; pulumi stack ls --json`;
    const { stdout } = await promisify(execFile)("/bin/sh", ["-c", shell], { cwd: CHECKOUT, timeout: LIMIT_MS, killSignal: "SIGKILL" });
    assert.equal((JSON.parse(stdout) as unknown[]).length, STACKS);
  });

  it.each([["drift", "karl"], ["preview", "karl", "--expect-no-changes"], ["logs", "karl", "--boot"], ["up", "karl", "--yes"]])("`user-vps %s` ends", async (...args: string[]) => {
    const { code, stdout, stderr } = await runCli(args, limited);
    assert.equal(code, 0, stdout + stderr);
  });

  it("a stack is found by its name: another one that cannot be read is no hindrance", async () => {
    await pool.query("INSERT INTO pulumi_state (key, data) SELECT replace(key, 'karl', 'broken'), json_build_object('data', 'bm90IEpTT04=') FROM pulumi_state WHERE key LIKE '%/stacks/user-vps/karl.json'");
    assert.equal((await runCli(["preview", "karl"], limited)).code, 0);
    assert.match((await runJson<ErrorDocument>(["preview", "nobody"], { ...limited, code: 2 })).error.message, /no stack 'nobody'/);
  });
});
