/** A sandbox without delays, a PostgreSQL, and the engine: what all ways of an `up` are measured on. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sandboxEnvironment } from "../src/cli/sandbox-env.ts";
import { openDatabase } from "../src/db/index.ts";
import { engineEnvironment } from "../src/install-pulumi/engine-environment.ts";
import { ensureEngine } from "../src/install-pulumi/ensure-engine.ts";
import type { Engine } from "../src/install-pulumi/ensure-engine.ts";
import { startSandbox } from "../src/sandbox/index.ts";
import type { Sandbox } from "../src/sandbox/index.ts";
import { startKeyService } from "./key-service.ts";

export interface BenchWorld {
  readonly folder: string;
  readonly engine: Engine;
  readonly sandbox: Sandbox;
  readonly databaseUrl: string;
  /** As Go's driver wants it. */
  readonly backendUrl: string;
  /** For the engine, its providers and the stack's program; with SECRETS_PROVIDER where a key service takes the passphrase's place. */
  readonly env: Readonly<Record<string, string | undefined>>;
  close(): Promise<void>;
}

export async function openBenchWorld(say: (text: string) => void, { keyService = false } = {}): Promise<BenchWorld> {
  const engine = await ensureEngine({ onProgress: say });
  const folder = await mkdtemp(join(tmpdir(), "user-vps-bench-"));
  // PostgreSQL does not run as root: its user has to get through to its folder.
  await chmod(folder, 0o755);
  const database = await openDatabase({ dataFolder: join(folder, "postgres"), onProgress: say });
  const sandbox = await startSandbox({ dataDir: folder, bootMs: 0, scriptMs: 0, actionMs: 0 });
  const keys = keyService ? await startKeyService() : undefined;
  const backend = new URL(database.url);
  backend.searchParams.set("sslmode", "disable");
  return {
    folder, engine, sandbox,
    databaseUrl: database.url,
    backendUrl: backend.href,
    env: { ...engineEnvironment(engine), ...sandboxEnvironment(sandbox, engine, backend.href), ...(keys && { ...keys.env, PULUMI_CONFIG_PASSPHRASE: undefined }) },
    async close() {
      await keys?.close();
      await sandbox.close();
      await database.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
