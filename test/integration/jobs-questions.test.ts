/** Questions that a worker answers while somebody waits. */
import assert from "node:assert/strict";
import { afterAll, it } from "vitest";
import { z } from "zod";
import { startQueue } from "../../src/jobs/index.ts";
import { answerQuestions, ask } from "../../src/jobs/questions.ts";
import { atEnd } from "../support/at-end.ts";
import { withDatabase } from "../support/postgres.ts";

const { url } = await withDatabase();
const boss = await startQueue({ databaseUrl: url, works: true, onError: () => undefined });
afterAll(() => boss.stop({ graceful: false }));

it("a question to which no answer comes is given up, its work told so, and the next one is answered", async () => {
  let ended: unknown;
  const answering = await answerQuestions({
    boss, queue: "questions-of-a-test", schema: z.object({ isHard: z.boolean() }), limitMs: 500, redact: (text) => text, log: () => undefined,
    async answer({ isHard }, signal) {
      if (!isHard) return { answer: 42 };
      signal.addEventListener("abort", () => { ended = signal.reason; });
      return await new Promise<never>(() => undefined);
    },
  });
  atEnd(() => answering.stop());
  const hard = await ask<{ answer: number }>(boss, "questions-of-a-test", { isHard: true }, 20_000);
  assert.match(hard && "error" in hard ? hard.error : "none", /no answer within 0\.5 s/);
  assert.equal((ended as { code?: string }).code, "RUN_TIMED_OUT");
  assert.deepEqual(await ask(boss, "questions-of-a-test", { isHard: false }, 20_000), { answer: 42 });
});
