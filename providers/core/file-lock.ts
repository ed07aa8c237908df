/**
 * A lock file, so that of several processes one works and the others wait for it. It spares
 * work and no more: a lock that is taken for dead wrongly must do no harm.
 */
import { randomUUID } from "node:crypto";
import { readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { UserVpsError, type ErrorCode } from "./errors.ts";
import { inSeconds, MINUTE_MS, SECOND_MS, sleep } from "./time.ts";

export interface LockOptions {
  /** What the lock is held for, as in "another process that prepares the engine". */
  readonly whatFor: string;
  /** Of the error of who has waited for too long. */
  readonly code: ErrorCode;
  /** Called once, if another process holds the lock. */
  readonly onWait: (holder: string) => void;
  readonly signal?: AbortSignal | undefined;
  readonly pollMs?: number;
  /** The holder touches the file; one that has not done so for this long is taken for dead. */
  readonly staleAfterMs?: number;
  readonly timeoutMs?: number;
}

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Of this one time. */
  readonly id: string;
}

/** Does `work` while holding the lock file; waits for another holder, takes over from a dead one. */
export async function withLock<T>(file: string, work: () => Promise<T>, options: LockOptions): Promise<T> {
  const staleAfterMs = options.staleAfterMs ?? MINUTE_MS;
  const id = await takeLock(file, staleAfterMs, options);
  // Whoever stood still may have lost it.
  const isMine = async () => (await holderOf(file))?.id === id;
  const touch = async () => ((await isMine()) ? await utimes(file, new Date(), new Date()) : undefined);
  const heartbeat = setInterval(() => void touch().catch(() => undefined), staleAfterMs / 4);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    if (await isMine()) await rm(file, { force: true });
  }
}

/** @returns by which it is known as one's own */
async function takeLock(file: string, staleAfterMs: number, options: LockOptions): Promise<string> {
  const { whatFor, code, onWait, signal, pollMs = SECOND_MS / 2, timeoutMs = 40 * MINUTE_MS } = options;
  const me: Holder = { pid: process.pid, host: hostname(), id: randomUUID() };
  const startedAt = Date.now();
  for (let turn = 0; ; turn += 1) {
    signal?.throwIfAborted();
    const taken = await writeFile(file, JSON.stringify(me), { flag: "wx" }).then(() => true, (error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST") return false;
      throw error;
    });
    if (taken) return me.id;
    const holder = await holderOf(file);
    if (await isStale(file, holder, staleAfterMs)) {
      await rm(file, { force: true });
      continue;
    }
    if (Date.now() - startedAt > timeoutMs) {
      throw new UserVpsError(code, `Waited ${inSeconds(timeoutMs)} for another process that ${whatFor}.`, {
        next: `If no such process runs, remove ${file} and start again.`,
      });
    }
    if (turn === 0) onWait(holder ? `process ${holder.pid} on ${holder.host}` : "another process");
    await sleep(pollMs, signal);
  }
}

async function holderOf(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Holder;
  } catch {
    return undefined;
  }
}

async function isStale(file: string, holder: Holder | undefined, staleAfterMs: number): Promise<boolean> {
  if (holder?.host === hostname() && holder.pid !== process.pid && !isAlive(holder.pid)) return true;
  const touched = await stat(file).then((found) => found.mtimeMs, () => undefined);
  return touched !== undefined && Date.now() - touched > staleAfterMs;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
