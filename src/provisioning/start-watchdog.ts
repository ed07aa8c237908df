import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import type { Socket } from "node:net";
import { SECOND_MS } from "../../providers/core/time.ts";

const BEAT_INTERVAL_MS = 2 * SECOND_MS;
const RESTART_MS = SECOND_MS / 2;

/**
 * Starts the watchdog of this process for the engines tagged with the worker's id and for the
 * worker's temporary folder. It ends by itself with this process, and keeps it from nothing;
 * if it dies before, another one takes its place.
 *
 * @param endsSilent engines end as well while this process is frozen; not for one that a person may stop with Ctrl-Z
 */
export function startWatchdog(workerId: string, folder: string, { endsSilent = true }: { readonly endsSilent?: boolean } = {}): { stop(): void } {
  let child: ChildProcess | undefined;
  let isStopped = false;
  const start = () => {
    if (isStopped) return;
    // Without one, engines would outlive this process.
    const again = () => void setTimeout(start, RESTART_MS).unref();
    try {
      child = spawnWatchdog([workerId, folder, ...(endsSilent ? ["--ends-silent"] : [])]);
    } catch {
      // A machine without memory for another process (ENOMEM) says so at once, and not by an event.
      return again();
    }
    child.once("error", again).once("exit", again);
  };
  start();
  const beat = setInterval(() => child?.stdin?.write("."), BEAT_INTERVAL_MS).unref();
  return {
    stop() {
      isStopped = true;
      clearInterval(beat);
      child?.stdin?.end();
    },
  };
}

function spawnWatchdog(args: readonly string[]): ChildProcess {
  const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, "watchdog.ts"), ...args], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    // None of the worker's secrets.
    env: { PATH: process.env["PATH"] },
  });
  child.unref();
  // With no descriptor left there is no pipe either; an error event follows.
  (child.stdin as Socket | null)?.unref();
  child.stdin?.on("error", () => undefined);
  return child;
}
