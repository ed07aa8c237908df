import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Socket } from "node:net";
import { SECOND_MS } from "../../providers/core/time.ts";

const BEAT_INTERVAL_MS = 2 * SECOND_MS;

/**
 * Starts the watchdog of this process for the engines tagged with the worker's id and for the
 * worker's temporary folder. It ends by itself with this process, and keeps it from nothing.
 *
 * @param endsSilent engines end as well while this process is frozen; not for one that a person may stop with Ctrl-Z
 */
export function startWatchdog(workerId: string, folder: string, { endsSilent = true }: { readonly endsSilent?: boolean } = {}): { stop(): void } {
  const child = spawn(process.execPath, [join(import.meta.dirname, "watchdog.ts"), workerId, folder, ...(endsSilent ? ["--ends-silent"] : [])], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    // None of the worker's secrets.
    env: { PATH: process.env["PATH"] },
  });
  child.unref();
  (child.stdin as Socket).unref();
  child.stdin.on("error", () => undefined);
  const beat = setInterval(() => child.stdin.write("."), BEAT_INTERVAL_MS).unref();
  return {
    stop() {
      clearInterval(beat);
      child.stdin.end();
    },
  };
}
