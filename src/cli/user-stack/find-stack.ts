import { engineFailed, tryQuietly } from "./pulumi-run.ts";
import type { EngineRun } from "./pulumi-run.ts";

/** A stack that was never deployed has no settings to come back to. */
export type Found = "deployed" | "never deployed" | "absent";

/**
 * Asks for the stack by its name (a listing reads every stack that there is) and, by the same call,
 * writes the settings of its last deployment into the folder. Fails with ENGINE_FAILED.
 */
export async function findStack(username: string, run: EngineRun): Promise<Found> {
  const { ok, reason } = await tryQuietly(["config", "refresh", "--force", "--stack", username], run);
  if (ok) return "deployed";
  if (reason.includes(`no stack named '${username}' found`)) return "absent";
  if (reason.includes("no previous deployment")) return "never deployed";
  throw engineFailed("config refresh", reason);
}
