/** What a command is. To add one: a file in commands/ that exports one, and its name in commands/index.ts. */
import type { Command } from "commander";
import type { Environment, Role } from "../config/index.ts";
import type { Progress } from "./progress.ts";

/** What every command takes, before or after its name. */
export interface CommonOptions {
  /** One JSON document on standard output, for programs. */
  readonly json?: true;
  /** Stack traces. */
  readonly verbose?: true;
}

export interface Invocation<Options = object> {
  readonly args: readonly string[];
  readonly options: Options & CommonOptions;
  /** With the file `.env` beneath it. */
  readonly env: Environment;
  /** What is waited for, on standard error. */
  readonly progress: Progress;
  /** Aborted by the first Ctrl-C; the second ends the process. Only who uses it takes over Ctrl-C. */
  readonly signal: AbortSignal;
  /** The whole command line, as commander knows it. */
  readonly program: Command;
  /** Shows something before the end: `text` to people, `data` as one line of JSON to programs. */
  readonly show: (result: Result) => void;
}

/** What a command has to say at its end, to programs and to people. */
export interface Result {
  /** Becomes JSON. Holds no secret. */
  readonly data: unknown;
  /** Without a newline at its end; nothing is printed if it is empty. */
  readonly text: string;
  /** 0 unless told; see exit-codes.ts. */
  readonly exitCode?: number;
}

export interface OptionDescription {
  /** As commander writes it: `--plan <item>`. */
  readonly flags: string;
  readonly description: string;
  /** Throws INPUT_INVALID for what cannot be used. */
  readonly parse?: (text: string) => unknown;
}

export interface CliCommand<Options = never> {
  /** With its group and arguments: `vm get <vm-id>`. */
  readonly usage: string;
  readonly summary: string;
  /** More than the summary, for `--help`. */
  readonly details?: string;
  readonly examples: readonly [string, ...string[]];
  readonly options?: readonly OptionDescription[];
  /** For CI: what the exit codes 0 and 2 mean here. Whatever goes wrong then ends with 1, wrong use too. */
  readonly answers?: { readonly 0: string; readonly 2: string };
  /** The process goes on when `run` has returned, until a signal ends it. */
  readonly staysUp?: true;
  /** The role whose own file (`http.env`) takes the place of `.env`, where it is there. */
  readonly settingsOf?: (options: Options) => Role | undefined;
  /** It needs neither settings nor the file `.env`, and does not wait for what reads them. */
  readonly withoutSettings?: true;
  /** undefined: it has printed all by itself. */
  run(invocation: Invocation<Options>): Promise<Result | undefined>;
}
