import { lstat, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeWhole } from "./files.ts";

/**
 * Keeps the engine from writing logs into a PULUMI_HOME of our own making. It encrypts one of each call, which takes a
 * tenth of an `up`; what people read of a run are its messages and events. There is no setting for that, but the engine goes
 * without where it cannot make the folder (pkg/v3/logging, StartLogging). Only a wish: nothing depends on it.
 */
export async function refuseEngineLogs(pulumiHome: string): Promise<void> {
  const logs = join(pulumiHome, "logs");
  try {
    // Of an earlier version.
    if ((await lstat(logs).catch(() => undefined))?.isDirectory()) await rm(logs, { recursive: true, force: true });
    await writeWhole(logs, "Not a folder, so that the engine writes no logs of its own here.\n");
  } catch {
    // An engine that has just begun has its folder.
  }
}
