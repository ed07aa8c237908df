/** Ends a run with the names of what failed, what the machine lacks, and `N passed, N failed, N skipped`. */
import type { Reporter, SerializedError, TestModule } from "vitest/node";
import { NEEDS } from "./needs.ts";

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const retried: string[] = [];
    const failures = errors.map(({ message }) => `outside of a test: ${message}`);
    for (const module of modules) {
      const before = failures.length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (test.diagnostic()?.flaky) retried.push(`passed at a second try: ${module.relativeModuleId} > ${test.fullName}`);
        if (state === "passed" || state === "skipped") counts[state] += 1;
        else failures.push(`${module.relativeModuleId} > ${test.fullName}`);
      }
      // A file that cannot be loaded, a hook that fails, something left behind.
      if (!module.ok() && failures.length === before) failures.push(`${module.relativeModuleId}: ${module.errors()[0]?.message ?? "a hook failed"}`);
    }
    counts.failed = failures.length;
    const lines = [...retried, ...failures.map((name) => `failed: ${name}`)];
    if (counts.skipped > 0) for (const lacks of Object.values(NEEDS)) if (lacks() !== undefined) lines.push(`left out: ${lacks()}`);
    console.log([...lines, `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`].join("\n"));
  }
}
