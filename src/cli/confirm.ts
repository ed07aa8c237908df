/** Asks for what cannot be undone: by typing a name, not by a key that is pressed in passing. */
import type { Readable, Writable } from "node:stream";
import { NotConfirmed } from "./exit-codes.ts";

export interface Confirmation {
  /** What would happen, in a sentence. */
  readonly what: string;
  /** What has to be typed. */
  readonly expected: string;
  /** From an option; beats asking. */
  readonly given?: string | undefined;
  /** What a program does instead: `--confirm alice`. */
  readonly option: string;
}

export interface Terminal {
  readonly input: Readable;
  readonly output: Writable;
  readonly isInteractive: boolean;
}

/** Questions go to standard error, so that standard output stays JSON with `--json`. */
export function thisTerminal(): Terminal {
  return { input: process.stdin, output: process.stderr, isInteractive: process.stdin.isTTY && process.stderr.isTTY };
}

/** Returns if it is confirmed; otherwise throws a `NotConfirmed`. */
export async function confirmTyped({ what, expected, given, option }: Confirmation, terminal: Terminal = thisTerminal()): Promise<void> {
  if (given !== undefined) {
    if (given === expected) return;
    throw new NotConfirmed(`${what} Expected '${expected}' as confirmation, got '${given}'; nothing was done.`, `Use ${option} if it is meant.`);
  }
  if (!terminal.isInteractive) throw new NotConfirmed(`${what} Nobody can be asked here, so nothing was done.`, `Use ${option} if it is meant.`);
  const { isCancel, text } = await import("@clack/prompts");
  const answer = await text({ message: `${what}\nType ${expected} to go on:`, input: terminal.input, output: terminal.output });
  if (isCancel(answer) || answer.trim() !== expected) throw new NotConfirmed("It was not confirmed; nothing was done.", `Run it again and type ${expected}, if it is meant.`);
}
