/** A user's status as a stream that does not end: one way for the user's own and for operators'. */
import { Readable, finished } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { SECOND_MS } from "../../providers/core/time.ts";
import { isSessionEnded } from "../records/index.ts";
import { callerOf } from "./caller.ts";
import type { HttpContext } from "./context.ts";
import { HttpError } from "./http-error.ts";
import { statusEvents } from "./status-events.ts";
import type { ReadView } from "./status-events.ts";

const HEARTBEAT_MS = 15 * SECOND_MS;
const QUEUE_LOOK_MS = 3 * SECOND_MS;
/**
 * A client whose buffers have been full for so long is gone, or as good as gone. Of one that is there and never reads, nothing
 * tells: its system takes in what little a stream says for as long as there is room. It keeps its place until its token expires.
 */
const STALLED_MS = 4 * HEARTBEAT_MS;
/** The longest that Node's timers can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Stand-ins for EventSource that can send a token have it in the address, in place of the header, when they come again. */
export const STREAM_QUERY = z.strictObject({
  lastEventId: z.string().optional().describe("As the header `Last-Event-ID`, which some clients cannot send; taken no notice of either."),
});

/** Counts open streams of one kind in this process, and lets no more than `most` of one key be open. */
export class OpenStreams {
  readonly #most: number;
  readonly #whose: string;
  readonly #open = new Map<string, number>();

  /** @param whose as the refusal calls them: `streams of this user` */
  constructor({ most, whose }: { readonly most: number; readonly whose: string }) {
    this.#most = most;
    this.#whose = whose;
  }

  get size(): number {
    return [...this.#open.values()].reduce((sum, count) => sum + count, 0);
  }

  /**
   * @returns gives the place back; called again, it does nothing
   * @throws HttpError RATE_LIMITED
   */
  take(key: string): () => void {
    const count = this.#open.get(key) ?? 0;
    if (count >= this.#most) throw new HttpError("RATE_LIMITED", `${this.#most} ${this.#whose} are open already.`, { headers: { "retry-after": "30" } });
    this.#open.set(key, count + 1);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      const left = this.#open.get(key)! - 1;
      if (left > 0) this.#open.set(key, left);
      else this.#open.delete(key);
    };
  }
}

export interface LiveStatusOptions {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly context: Pick<HttpContext, "pool" | "pace" | "feed" | "closing">;
  readonly userId: string;
  readonly readView: ReadView;
  readonly streams: OpenStreams;
  readonly key: string;
}

/**
 * Streams until the client goes, its token or session expires or is ended by logging out, or the server closes; whichever
 * comes first gives the place back. `finished` also tells of a connection that was closed before anybody listened, while the
 * record was being read. Only the connection itself tells of those that wait behind another one of a pipeline: Node gives it
 * to the first alone.
 */
export function streamStatus({ request, reply, context, userId, readView, streams, key }: LiveStatusOptions): FastifyReply {
  const giveBack = streams.take(key);
  const over = new AbortController();
  const { socket } = request.raw;
  const { expiresAt, sessionId } = callerOf(request);
  const leftMs = expiresAt.getTime() - Date.now();
  const expiry = setTimeout(end, Math.max(0, Math.min(leftMs, LONGEST_TIMER_MS))).unref();
  const unsubscribe = sessionId === undefined ? undefined : context.feed.subscribe(sessionId, () => {
    // While the database is away nothing else is told either; when it is back, this is told again.
    void isSessionEnded(context.pool, sessionId).then((isEnded) => { if (isEnded) end(); }, () => undefined);
  });
  function end(): void {
    giveBack();
    clearTimeout(expiry);
    unsubscribe?.();
    context.closing.removeEventListener("abort", end);
    socket.off("close", end);
    over.abort();
  }
  context.closing.addEventListener("abort", end, { once: true });
  finished(reply.raw, end);
  // One for each stream of a pipeline.
  socket.setMaxListeners(0).once("close", end).setTimeout(STALLED_MS, () => socket.destroy());
  if (context.closing.aborted || socket.destroyed) end();
  const events = statusEvents({ db: context.pool, pace: context.pace, feed: context.feed, userId, readView, signal: over.signal, heartbeatMs: HEARTBEAT_MS, queueLookMs: QUEUE_LOOK_MS });
  return reply.type("text/event-stream").headers({ "x-accel-buffering": "no", connection: "close" }).send(Readable.from(events, { objectMode: false }));
}
