/** Runs the real `bin/user-vps`, as a person or a script would. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll } from "vitest";

export const CHECKOUT = resolve(import.meta.dirname, "..", "..");
export const BIN = join(CHECKOUT, "bin", "user-vps");
const LIMIT_MS = 120_000;

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

/** A folder that goes when the test file ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "user-vps-cli-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Of this process only what every program needs: no setting of whoever runs the tests. */
export function startCli(args: readonly string[], { env = {}, cwd = tmpdir(), limitMs = LIMIT_MS }: CliOptions = {}): ChildProcess {
  const { PATH, HOME } = process.env;
  return spawn(BIN, args, { cwd, env: { PATH, HOME, ...env }, stdio: ["pipe", "pipe", "pipe"], timeout: limitMs, killSignal: "SIGKILL" });
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

export interface ErrorDocument {
  readonly error: { readonly code: string; readonly message: string; readonly next: string };
}
