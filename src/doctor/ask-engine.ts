/** Whether the engine comes to the stacks' state: it reads the same address as node-postgres, and variables beside it, by another driver. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SECOND_MS } from "../../providers/core/time.ts";
import { engineBackend } from "../install-pulumi/engine-backend.ts";
import { ENGINE_SETTINGS, engineEnvironment } from "../install-pulumi/engine-environment.ts";
import { run } from "../install-pulumi/run.ts";
import type { CheckContext } from "./check.ts";
import { findEngine } from "./engine.ts";

const LIMIT_MS = 20 * SECOND_MS;

/** Why it does not; undefined if it does, or there is no engine to ask. */
export async function faultOfEngine(url: string, { env, signal }: Pick<CheckContext, "env" | "signal">): Promise<string | undefined> {
  const engine = await findEngine(env);
  if (typeof engine === "string") return undefined;
  const home = await mkdtemp(join(tmpdir(), "user-vps-doctor-"));
  try {
    const environment = { ...engineEnvironment({ binDir: engine.folder, env: ENGINE_SETTINGS }, { ...env }), PULUMI_HOME: home, ...engineBackend(url, { env }) };
    // The least that connects: whoever is signed in to the backend.
    const { ok, reason } = await run(join(engine.folder, "pulumi"), ["whoami", "--non-interactive"], { cwd: home, env: environment, timeoutMs: LIMIT_MS, signal });
    return ok ? undefined : reason;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
