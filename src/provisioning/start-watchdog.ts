import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import type { Socket } from "node:net";
import { messageOf } from "../../providers/core/errors.ts";
import { ownNodeArguments } from "../../providers/core/own-node.ts";
import { SECOND_MS } from "../../providers/core/time.ts";

const BEAT_INTERVAL_MS = 2 * SECOND_MS;
const RESTART_MS = SECOND_MS / 2;
const LONGEST_RESTART_MS = 30 * SECOND_MS;
/** One that has lived for so long did its work. */
const STEADY_MS = 10 * SECOND_MS;
/** So many times in a row are no accident. */
const TOLD_AFTER = 3;

export interface WatchdogOptions {
  /** Engines end as well while this process is frozen; not for one that a person may stop with Ctrl-Z. */
  readonly endsSilent?: boolean;
  /** Gets a line, once, if there is no watchdog to be had. */
  readonly say?: (line: string) => void;
}

/**
 * Starts the watchdog of this process for the engines tagged with the worker's id and for the
 * worker's temporary folder. It ends by itself with this process, and keeps it from nothing;
 * if it dies before, another one takes its place.
 */
export function startWatchdog(workerId: string, folder: string, { endsSilent = true, say }: WatchdogOptions = {}): { stop(): void } {
  let child: ChildProcess | undefined;
  let isStopped = false;
  let shortLived = 0;
  const start = () => {
    if (isStopped) return;
    const startedMs = performance.now();
    // Without one, engines would outlive this process.
    const again = (why: string) => {
      if (isStopped) return;
      shortLived = performance.now() - startedMs > STEADY_MS ? 1 : shortLived + 1;
      if (shortLived === TOLD_AFTER) say?.(`the watchdog of this process has ended ${TOLD_AFTER} times in a row (${why}): without it, engines outlive this process if it is killed; it is tried on`);
      setTimeout(start, Math.min(RESTART_MS * 2 ** (shortLived - 1), LONGEST_RESTART_MS)).unref();
    };
    try {
      child = spawnWatchdog([workerId, folder, ...(endsSilent ? ["--ends-silent"] : [])]);
    } catch (error) {
      // A machine without memory for another process (ENOMEM) says so at once, and not by an event.
      return again(messageOf(error));
    }
    child.once("error", (error) => again(messageOf(error))).once("exit", (code, signal) => again(signal ?? `exit code ${code}`));
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
  const child: ChildProcess = spawn(process.execPath, [...ownNodeArguments(), join(import.meta.dirname, "watchdog.ts"), ...args], {
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
