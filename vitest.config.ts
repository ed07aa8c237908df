import { join } from "node:path";
import { defineConfig } from "vitest/config";
import LongestFirst, { PROJECTS } from "./test/support/longest-first.ts";

// Every process of the tests loads half of the program: what one has compiled serves the next.
process.env["NODE_COMPILE_CACHE"] ??= join(import.meta.dirname, "node_modules", ".cache", "compile-cache");

const SECOND_MS = 1_000;

export const shared = {
  /**
   * Node runs tests and program as it does in production, from the files as they are: what is
   * serialised into a stack's state is then the same text, and no transform stands between.
   */
  experimental: { viteModuleRunner: false, nodeLoader: false },
  pool: "forks" as const,
  isolate: false,
  execArgv: ["--disable-warning=ExperimentalWarning"],
  setupFiles: ["test/support/leaks.ts"],
  teardownTimeout: 30 * SECOND_MS,
  reporters: [["default", { summary: false }] as ["default", object], "test/support/summary-reporter.ts"],
};

/**
 * They mostly wait: for PostgreSQL, for the engine, for the sandbox's clock. Each process is for many files: half of a
 * file's time is otherwise the program's start.
 */
const PROCESSES_AT_ONCE = 8;

/** What is there before the first of a project's files. */
const GLOBAL_SETUP = {
  unit: [],
  integration: ["test/support/global-setup.ts", "test/support/shared-browser.ts"],
  e2e: ["test/support/global-setup.ts"],
} satisfies Record<(typeof PROJECTS)[number], string[]>;

/** All in one queue, ordered by LongestFirst: between projects nobody waits for the last file of the one before. */
function project(name: (typeof PROJECTS)[number], timeoutMs: number) {
  return {
    extends: true as const,
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      maxWorkers: PROCESSES_AT_ONCE,
      testTimeout: timeoutMs,
      hookTimeout: timeoutMs,
      globalSetup: GLOBAL_SETUP[name],
    },
  };
}

export default defineConfig({
  test: {
    ...shared,
    sequence: { sequencer: LongestFirst },
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts", "providers/**/*.ts", "stacks/**/*.ts"],
      reporter: ["text-summary", "html", "json-summary"],
    },
    projects: [project("unit", 60 * SECOND_MS), project("integration", 300 * SECOND_MS), project("e2e", 600 * SECOND_MS)],
  },
});
