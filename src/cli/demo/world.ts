import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSettings } from "../../config/index.ts";
import { USER_ACTIONS } from "../../config/value-schemas.ts";
import { ensureEngine } from "../../install-pulumi/ensure-engine.ts";
import type { Engine } from "../../install-pulumi/ensure-engine.ts";
import { startSandbox } from "../../sandbox/index.ts";
import type { Sandbox, SandboxOptions } from "../../sandbox/index.ts";
import { startService } from "../../service/service.ts";
import { sandboxEnvironment } from "../sandbox-env.ts";

/** A sandbox and a service with a PostgreSQL of its own, all of it gone after `close`. */
export interface DemoWorld {
  readonly sandbox: Sandbox;
  readonly engine: Engine;
  readonly url: string;
  readonly databaseUrl: string;
  /** What users' tokens are signed with; made for this run. */
  readonly jwtSecret: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  close(): Promise<void>;
}

export interface DemoWorldOptions {
  readonly sandbox?: SandboxOptions;
  /** Over the demo's own settings of the service. */
  readonly env?: Readonly<Record<string, string>>;
}

export async function openDemoWorld(say: (text: string) => void, options: DemoWorldOptions = {}): Promise<DemoWorld> {
  const engine = await ensureEngine({ onProgress: say });
  const folder = await mkdtemp(join(tmpdir(), "user-vps-demo-"));
  // PostgreSQL does not run as root: its user has to get through to its folder.
  await chmod(folder, 0o755);
  const sandbox = await startSandbox({ dataDir: folder, ...options.sandbox });
  const jwtSecret = randomBytes(32).toString("hex");
  const env = {
    ...process.env,
    ...sandboxEnvironment(sandbox, engine),
    JWT_SECRET: jwtSecret,
    CREDENTIALS_KEYS: `demo:${randomBytes(32).toString("base64")}`,
    USER_VPS_DATA_FOLDER: join(folder, "postgres"),
    DATABASE_URL: undefined,
    PORT: "0",
    LOG_LEVEL: "silent",
    SHUTDOWN_GRACE_SECONDS: "0",
    DEPROVISION_GRACE_HOURS: "0",
    USER_ACTIONS: USER_ACTIONS.join(","),
    ...options.env,
  };
  const service = await startService({ settings: readSettings({ env, role: "all" }), env, onProgress: say });
  return {
    sandbox, engine, jwtSecret, env, folder,
    url: service.url!,
    databaseUrl: service.databaseUrl,
    async close() {
      await service.close({ atOnce: true });
      await sandbox.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
