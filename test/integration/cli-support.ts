/** Runs the real `bin/user-vps`, as a person or a script would. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { CommanderError } from "commander";
import { commandOf } from "../../src/cli/commands/index.ts";
import { exitCodeOf } from "../../src/cli/exit-codes.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { errorView } from "../../src/cli/report-error.ts";
import { atEnd } from "../support/at-end.ts";

export const CHECKOUT = resolve(import.meta.dirname, "..", "..");
export const BIN = join(CHECKOUT, "bin", "user-vps");
const LIMIT_MS = 240_000;

export interface CliRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  readonly cwd?: string;
  /** After which it is killed. */
  readonly limitMs?: number;
}

/** A folder that goes when the test, suite or file that calls it ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "user-vps-cli-test-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Of this process only what every program needs: no setting of whoever runs the tests. */
export function startCli(args: readonly string[], { env = {}, cwd = tmpdir(), limitMs = LIMIT_MS }: CliOptions = {}): ChildProcess {
  const { PATH, HOME } = process.env;
  const child = spawn(BIN, args, { cwd, env: { PATH, HOME, ...env }, stdio: ["pipe", "pipe", "pipe"], timeout: limitMs, killSignal: "SIGKILL" });
  atEnd(() => void child.kill("SIGKILL"));
  return child;
}

export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const child = startCli(args, options);
  let stdout = "";
  let stderr = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => { stdout += text; });
  child.stderr!.setEncoding("utf8").on("data", (text: string) => { stderr += text; });
  // Whoever does not read its input may have ended already.
  child.stdin!.on("error", () => undefined).end(options.input ?? "");
  return new Promise((done, failed) => child.once("error", failed).once("close", (code) => done({ code, stdout, stderr })));
}

/** Runs with `--json`, and fails unless standard output is one JSON document and the exit code is as expected. */
export async function runJson<T>(args: readonly string[], options: CliOptions & { readonly code?: number } = {}): Promise<T> {
  const run = await runCli([...args, "--json"], options);
  if (run.code !== (options.code ?? 0)) throw new Error(`user-vps ${args.join(" ")} ended with ${run.code}, expected ${options.code ?? 0}:\n${run.stdout}${run.stderr}`);
  return JSON.parse(run.stdout) as T;
}

/**
 * `runJson` without a process of its own, for the many calls of a test that differ in what is refused.
 * The command line is parsed, and an error becomes JSON and an exit code, as in src/cli/main.ts; what
 * commander itself refuses, what asks the person, and all that is printed is for `runJson` and `runCli`.
 */
export async function callJson<T>(args: readonly string[], { env = {}, code = 0 }: Pick<CliOptions, "env"> & { readonly code?: number } = {}): Promise<T> {
  const { PATH, HOME } = process.env;
  const [signal, progress] = [new AbortController().signal, { say: () => undefined, end: () => undefined }];
  let document: unknown;
  let ended = 0;
  const program = buildProgram(async (command, given, options) => {
    const result = await command.run({ args: given, options: options as never, env: { PATH, HOME, ...env }, progress, program, signal, show: () => assert.fail("it shows something before its end") });
    document = result?.data;
    ended = result?.exitCode ?? 0;
  });
  try {
    await program.parseAsync([...args, "--json"], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) throw error;
    document = errorView(error);
    ended = exitCodeOf(error, commandOf(args));
  }
  assert.equal(ended, code, `user-vps ${args.join(" ")}: ${JSON.stringify(document)}`);
  return document as T;
}

export interface ErrorDocument {
  readonly error: { readonly code: string; readonly message: string; readonly next: string };
}
