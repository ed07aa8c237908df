/** Questions that a worker answers while somebody waits: who serves HTTP may have neither an engine nor a token. */
import type { PgBoss } from "pg-boss";
import type { z } from "zod";
import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { joinSignals } from "../../providers/core/join-signals.ts";
import { orAborted } from "../../providers/core/or-aborted.ts";
import { HOUR_MS, inSeconds, MINUTE_MS, SECOND_MS, sleep } from "../../providers/core/time.ts";
import { storableJson } from "../db/index.ts";
import { ensureQueue, NOTIFIED_POLLING } from "./queue.ts";
import { RunningWork } from "./running-work.ts";
import { stopWork } from "./stop-work.ts";

const POLL_MS = 100;
export const ANSWER_LIMIT_MS = MINUTE_MS;
/** By then nobody waits any more. */
export const LONGEST_ANSWER_MS = 2 * ANSWER_LIMIT_MS;

/** A failure is an answer too, and not to be tried again. */
export interface FailedAnswer {
  readonly error: string;
}

/** A question is not asked again: whoever waited is gone by then. */
export async function createQuestionQueue(boss: PgBoss, queue: string): Promise<void> {
  await ensureQueue(boss, queue, { policy: "standard", retryLimit: 0, expireInSeconds: (5 * MINUTE_MS) / SECOND_MS, deleteAfterSeconds: HOUR_MS / SECOND_MS, notify: true });
}

/** Waits for the answer of a worker; undefined if none answers in time. */
export async function ask<Answer extends object>(boss: PgBoss, queue: string, question: object, answerLimitMs: number): Promise<Answer | FailedAnswer | undefined> {
  const id = await boss.send(queue, question);
  const endMs = performance.now() + answerLimitMs;
  while (id && performance.now() < endMs) {
    const job = await boss.getJobById(queue, id);
    if (job?.state === "completed") return job.output as Answer | FailedAnswer;
    if (job?.state === "failed") return { error: "The worker that was at it is gone." };
    await sleep(POLL_MS);
  }
  if (id) await boss.cancel(queue, id);
  return undefined;
}

export interface AnswerOptions<Question, Answer extends object> {
  readonly boss: PgBoss;
  readonly queue: string;
  readonly schema: z.ZodType<Question>;
  readonly answer: (question: Question, signal: AbortSignal) => Promise<Answer>;
  /** How long an answer may take: one that does not end would hold up all other questions. */
  readonly limitMs: number;
  /** Of a failure's text, before it leaves the worker. */
  readonly redact: (text: string) => string;
  readonly log: (line: string) => void;
}

export interface Answering {
  /** Takes no more questions and breaks off those that are being answered. */
  stop(): Promise<void>;
}

/** The worker's side. */
export async function answerQuestions<Question, Answer extends object>({ boss, queue, schema, answer, limitMs, redact, log }: AnswerOptions<Question, Answer>): Promise<Answering> {
  const stopping = new AbortController();
  const running = new RunningWork();
  await createQuestionQueue(boss, queue);
  // Nobody is left who waits for a question that a dead worker had.
  await boss.work(queue, { ...NOTIFIED_POLLING, notifyPollingIntervalSeconds: 5 }, async ([job]): Promise<Answer | FailedAnswer> => {
    const limit = joinSignals({ signals: [], limitMs, late: () => new UserVpsError("RUN_TIMED_OUT", `There was no answer within ${inSeconds(limitMs)}.`) });
    const ends = joinSignals({ signals: [stopping.signal, limit.signal] });
    const work = async () => answer(schema.parse(job?.data), ends.signal);
    const answered = await running.track(orAborted(work(), limit.signal).catch((error: unknown) => ({ error: redact(messageOf(error)) })));
    limit.leave();
    ends.leave();
    // The queue keeps it as jsonb; one that cannot be kept is no answer.
    return JSON.parse(storableJson(answered)) as Answer | FailedAnswer;
  });
  return {
    async stop() {
      const stopped = stopWork(boss, queue, log);
      stopping.abort(new UserVpsError("RUN_LOST", "The worker was shut down."));
      await stopped;
      await running.ended();
    },
  };
}
