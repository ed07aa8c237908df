import { messageOf } from "../../providers/core/errors.ts";
import { sleep } from "../../providers/core/time.ts";

/** SQLSTATE of `the database system is starting up` and of `too many clients`. */
const CANNOT_CONNECT_NOW = "57P03";
const TOO_MANY_CONNECTIONS = "53300";
/** Of node-postgres, for a server that is there and has not answered in time. */
const TOO_SLOW = /^(Connection terminated due to connection timeout|timeout exceeded when trying to connect|timeout expired)/;

export interface LetInOptions {
  readonly limitMs: number;
  readonly pauseMs: number;
  /** Whether the same server may let in whoever comes again. */
  readonly mayPass: (error: unknown) => boolean;
  /** Before every pause, with what it was refused with. */
  readonly onWait?: (why: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Comes again to a server that lets nobody in for the moment.
 *
 * @throws the last error, at the limit; the signal's reason
 */
export async function untilLetIn<T>(enter: () => Promise<T>, { limitMs, pauseMs, mayPass, onWait, signal }: LetInOptions): Promise<T> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await enter();
    } catch (error) {
      if (!mayPass(error) || performance.now() >= endMs) throw error;
      onWait?.(messageOf(error));
    }
    await sleep(pauseMs, signal);
  }
}

/** A server that was killed reads its log through first. */
export function isStarting(error: unknown): boolean {
  return (error as { code?: unknown }).code === CANNOT_CONNECT_NOW;
}

/** Likewise, or it is on a busy machine, or has no connection left. Where there is no server, or it refuses who asks, that is no such thing. */
export function isBusy(error: unknown): boolean {
  return isStarting(error) || (error as { code?: unknown }).code === TOO_MANY_CONNECTIONS || TOO_SLOW.test(messageOf(error));
}
