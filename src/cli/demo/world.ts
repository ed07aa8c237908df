import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { closeInTurn } from "../../../providers/core/close-in-turn.ts";
import { messageOf } from "../../../providers/core/errors.ts";
import { VARIABLES } from "../../config/variables.ts";
import { startEmbedded } from "../../db/embedded.ts";
import type { EmbeddedServer } from "../../db/embedded.ts";
import { ensureEngine } from "../../install-pulumi/ensure-engine.ts";
import type { Engine } from "../../install-pulumi/ensure-engine.ts";
import type { Sandbox, SandboxOptions } from "../../sandbox/index.ts";
import { sandboxEnvironment } from "../sandbox-env.ts";

/** A sandbox and a service with a PostgreSQL of its own, all of it gone after `close`. */
export interface DemoWorld {
  readonly sandbox: Sandbox;
  /** That nothing in it is real, for people to see. */
  readonly banner: string;
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
  /** Aborted while the world is opened: what is open is closed again, and opening fails. */
  readonly signal?: AbortSignal;
}

export async function openDemoWorld(say: (text: string) => void, options: DemoWorldOptions = {}): Promise<DemoWorld> {
  const { signal = new AbortController().signal } = options;
  const engine = await ensureEngine({ onProgress: say, signal });
  const folder = await mkdtemp(join(tmpdir(), "user-vps-demo-"));
  // PostgreSQL does not run as root: its user has to get through to its folder.
  await chmod(folder, 0o755);
  const closers: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const close = async () => {
    const troubles: unknown[] = [];
    await closeInTurn(closers, (error) => troubles.push(error));
    if (troubles.length > 0) throw new Error(`not everything could be closed: ${troubles.map(messageOf).join("; ")}`);
  };
  try {
    const postgres = options.env?.["DATABASE_URL"] === undefined ? await beginEmbedded(join(folder, "postgres"), say) : undefined;
    // Whoever is connected: its data goes as well.
    closers.push(async () => (await postgres?.started.catch(() => undefined))?.stop());
    const [{ startSandbox, sandboxBanner }, { startService }, { readSettings }, { USER_ACTIONS }] = await Promise.all([
      import("../../sandbox/index.ts"), import("../../service/service.ts"), import("../../config/index.ts"), import("../../config/value-schemas.ts"),
      // What the service loads itself otherwise, when PostgreSQL is there.
      import("../../service/worker-process.ts"), import("../../http/index.ts"),
    ]);
    const sandbox = await startSandbox({ dataDir: folder, ...options.sandbox });
    closers.push(() => sandbox.close());
    signal.throwIfAborted();
    const jwtSecret = randomBytes(32).toString("hex");
    const env = {
      ...withoutSettings(process.env),
      ...sandboxEnvironment(sandbox, engine),
      JWT_SECRET: jwtSecret,
      CREDENTIALS_KEYS: `demo:${randomBytes(32).toString("base64")}`,
      DATABASE_URL: (await postgres?.started)?.url,
      PORT: "0",
      LOG_LEVEL: "silent",
      SHUTDOWN_GRACE_SECONDS: "0",
      DEPROVISION_GRACE_HOURS: "0",
      USER_ACTIONS: USER_ACTIONS.join(","),
      ...options.env,
    };
    const service = await startService({ settings: readSettings({ env, role: "all" }), env, signal, onProgress: say });
    closers.push(() => service.close({ atOnce: true }));
    return { sandbox, engine, jwtSecret, env, folder, close, banner: sandboxBanner(sandbox), url: service.url!, databaseUrl: service.databaseUrl };
  } catch (error) {
    await close().catch((trouble: unknown) => say(messageOf(trouble)));
    throw error;
  }
}

/** What the shell has for a service of its own: real receivers, a real state. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const settings = new Set<string>(Object.values(VARIABLES).map(({ name }) => name));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !settings.has(name)));
}

/** Returns when it has begun: a core of its own is busy with it for most of a second, and the program is loaded meanwhile. */
async function beginEmbedded(folder: string, say: (text: string) => void): Promise<{ readonly started: Promise<EmbeddedServer> }> {
  let tellBegun: () => void;
  const begun = new Promise<void>((resolve) => { tellBegun = resolve; });
  const started = startEmbedded({
    folder,
    onProgress(line) {
      say(line);
      tellBegun();
    },
  });
  await Promise.race([started, begun]);
  return { started };
}
