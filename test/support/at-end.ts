import { afterAll, onTestFinished, TestRunner } from "vitest";

/** Runs `work` when the test that calls it ends, or, called outside of one, its file or suite; what was asked for last runs first. */
export function atEnd(work: () => unknown): void {
  const run = async () => { await work(); };
  if (TestRunner.getCurrentTest()) onTestFinished(run);
  else afterAll(run);
}
