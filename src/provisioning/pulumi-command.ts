import { spawn } from "node:child_process";
import { join } from "node:path";
import type { PulumiCommand } from "@pulumi/pulumi/automation/index.js";
import { endingOf } from "../../providers/core/cut-text.ts";
import { inSeconds, SECOND_MS } from "../../providers/core/time.ts";
import { inSpan, tracesUrl } from "../../providers/core/tracing.ts";
import { giveWay } from "../slots/give-way.ts";
import { killTagged, tagEnvironment } from "./process-tags.ts";
import type { ProcessTags } from "./process-tags.ts";
import { hasStarted } from "./started-child.ts";
import { STOPPED_LIMIT_MS, watchForStopped } from "./stopped-processes.ts";

export interface CommandOptions {
  readonly binDir: string;
  readonly version: string;
  /** All that the command line and the providers get; nothing is inherited from this process. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the stack's program is served, for the commands that run it. */
  readonly programAddress?: string | undefined;
  /** What the Automation API has no option for. */
  readonly flags?: CommandFlags | undefined;
  readonly tags: ProcessTags;
  readonly signal?: AbortSignal | undefined;
  readonly killSignal?: AbortSignal | undefined;
  readonly onLine?: ((line: string) => void) | undefined;
  /** It leaves the processor to whoever waits for an answer. */
  readonly givesWay?: boolean | undefined;
  /** Awaited before the command does anything. */
  readonly beforeStart?: ((pid: number) => Promise<void>) | undefined;
}

/** By the name of the command that gets them: `destroy`. */
export type CommandFlags = Readonly<Record<string, readonly string[]>>;

/** How the last command ended and what it printed, for a failure's message. */
export interface CommandEnd {
  output: string;
  end: string;
}

/** The command ended otherwise than with exit code 0. */
export class CommandFailed extends Error {
  override readonly name = "CommandFailed";
  readonly wasKilled: boolean;

  constructor(message: string, wasKilled: boolean) {
    super(message);
    this.wasKilled = wasKilled;
  }
}

/** Whether it is the failure of a run whose engine was ended by a signal: of what it was at, that tells nothing. */
export function isOfKilledEngine(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof CommandFailed && error.cause.wasKilled;
}

export interface RunnableCommand {
  /** As the Automation API takes it. */
  readonly command: PulumiCommand;
  readonly last: CommandEnd;
  /** Runs `pulumi` with these arguments. */
  run(args: readonly string[], cwd: string, env: Readonly<Record<string, string>>): Promise<Finished>;
}

interface Finished {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** Of --otel-traces, as far as it was tried: 3.250 knows gRPC alone. */
const FIRST_MINOR_WITH_HTTP = 274;

/** How long the engine may take to stop on its own after it was asked to. */
const CANCEL_GRACE_MS = 10 * SECOND_MS;

/** The commands that work on a stack's resources: what they print belongs into a run's log; others print data. */
const OPERATIONS = new Set(["up", "preview", "refresh", "destroy"]);

/** What the command gets to use the program where it is served: also `destroy`, which does not run it, would start a language host of its own. */
export function clientOf(command: string | undefined, programAddress: string): readonly string[] {
  return OPERATIONS.has(command ?? "") ? [`--client=${programAddress}`] : [];
}

/** Waits for a line of input, then becomes the command: it keeps the process id. */
const START_ON_INPUT = 'read -r _ || exit 1; exec "$0" "$@" </dev/null';

/**
 * The Automation API's way of running the command line, with what it lacks: every process is
 * tagged and gone when the call returns, its id is known before it does anything, a signal ends it
 * for certain, and Ctrl-C in a terminal does not reach it (a process group of its own), so that the
 * service decides what becomes of a run.
 */
export function createPulumiCommand(options: CommandOptions): RunnableCommand {
  const last: CommandEnd = { output: "", end: "not started" };
  const command = {
    command: join(options.binDir, "pulumi"),
    version: { toString: () => options.version },
    run: (args: readonly string[], cwd: string, env: Readonly<Record<string, string>>, onOutput?: (text: string) => void, onError?: (text: string) => void) =>
      inSpan({ name: `pulumi ${args[0]}` }, async (span) => (span
        ? run(options, last, [...args, ...engineTraces(options, args)], cwd, { ...env, TRACEPARENT: span.traceparent }, onOutput, onError)
        : run(options, last, args, cwd, env, onOutput, onError))),
  };
  return { command: command as unknown as PulumiCommand, last, run: (args, cwd, env) => command.run(args, cwd, env) };
}

/** The engine's own spans, from the version on that sends them by HTTP. Headers would be seen in its arguments: with them, the engine's are left out. */
function engineTraces({ version, env }: CommandOptions, [name = ""]: readonly string[]): string[] {
  const url = tracesUrl(env);
  const hasHeaders = Boolean(env["OTEL_EXPORTER_OTLP_HEADERS"] || env["OTEL_EXPORTER_OTLP_TRACES_HEADERS"]);
  const [, major, minor] = /(\d+)\.(\d+)/.exec(version) ?? [];
  return url && !hasHeaders && OPERATIONS.has(name) && Number(major) === 3 && Number(minor) >= FIRST_MINOR_WITH_HTTP ? ["--otel-traces", url] : [];
}

async function run(
  options: CommandOptions,
  last: CommandEnd,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
  onOutput?: (text: string) => void,
  onError?: (text: string) => void,
): Promise<Finished> {
  options.signal?.throwIfAborted();
  options.killSignal?.throwIfAborted();
  const { tags, programAddress, flags = {} } = options;
  const client = programAddress === undefined ? [] : clientOf(args[0], programAddress);
  const child = spawn("/bin/sh", ["-c", START_ON_INPUT, join(options.binDir, "pulumi"), ...args, ...(flags[args[0] ?? ""] ?? []), ...client, "--non-interactive"], {
    cwd,
    env: { ...options.env, ...env, ...tagEnvironment(tags), PULUMI_AUTOMATION_API: "true" },
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  await hasStarted(child, `pulumi ${args[0]}`);
  if (options.givesWay) giveWay(child.pid);
  let stdout = "";
  let stderr = "";
  last.output = "";
  const lines = lineSplitter((line) => { if (OPERATIONS.has(args[0] ?? "")) options.onLine?.(line); });
  child.stdout.setEncoding("utf8").on("data", (text: string) => { stdout = capped(stdout, text); last.output = tailOf(last.output + text); lines.push(text); onOutput?.(text); });
  child.stderr.setEncoding("utf8").on("data", (text: string) => { stderr = capped(stderr, text); last.output = tailOf(last.output + text); lines.push(text); onError?.(text); });
  child.stdin.on("error", () => undefined);

  const killAll = () => void killTagged("run", tags.run).catch(() => undefined);
  let stopped: string | undefined;
  const endWatch = watchForStopped(tags, (pid) => {
    stopped = `process ${pid} was stopped (SIGSTOP) for ${inSeconds(STOPPED_LIMIT_MS)}, so all were killed`;
    killAll();
  });
  let grace: NodeJS.Timeout | undefined;
  const onCancel = () => {
    if (child.pid) tryKill(child.pid, "SIGINT");
    grace = setTimeout(killAll, CANCEL_GRACE_MS);
  };
  options.signal?.addEventListener("abort", onCancel, { once: true });
  options.killSignal?.addEventListener("abort", killAll, { once: true });
  try {
    const ended = new Promise<{ readonly code: number; readonly wasKilled: boolean }>((resolve, reject) => {
      child.on("error", reject);
      // Providers of an engine that was killed may hold its pipes open.
      child.on("exit", (_code, signal) => { if (signal) killAll(); });
      child.on("close", (code, signal) => {
        last.end = stopped ?? (signal ? `killed by ${signal}` : `exit code ${code}`);
        resolve({ code: code ?? -1, wasKilled: signal !== null });
      });
    });
    const started = (async () => {
      if (child.pid) await options.beforeStart?.(child.pid);
      child.stdin.end("\n");
    })().catch((error: unknown) => { killAll(); throw error; });
    const [{ code, wasKilled }] = await Promise.all([ended, started]);
    lines.end();
    if (code !== 0) throw new CommandFailed(`pulumi ${args[0]}: ${last.end}`, wasKilled);
    return { stdout, stderr, code };
  } finally {
    endWatch();
    clearTimeout(grace);
    options.signal?.removeEventListener("abort", onCancel);
    options.killSignal?.removeEventListener("abort", killAll);
    await killTagged("run", tags.run);
  }
}

/** What prints without an end must not take the worker's memory: data that is cut off is no data, which is said by whoever reads it. */
const LONGEST_OUTPUT = 64 * 1024 * 1024;
/** For a failure's message. */
const KEPT_OUTPUT = 512 * 1024;

function capped(soFar: string, text: string): string {
  return soFar.length > LONGEST_OUTPUT ? soFar : soFar + text;
}

function tailOf(output: string): string {
  return output.length > KEPT_OUTPUT ? endingOf(output, KEPT_OUTPUT / 2) : output;
}

function tryKill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

function lineSplitter(onLine: (line: string) => void): { push(text: string): void; end(): void } {
  let rest = "";
  return {
    push(text) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.trim() !== "") onLine(line);
    },
    end() {
      if (rest.trim() !== "") onLine(rest);
      rest = "";
    },
  };
}
