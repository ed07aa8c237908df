/**
 * Control characters (but newline and tab) and those that turn the direction of text around: what a
 * VPS or an API wrote may hold commands to the terminal of whoever reads it.
 */
const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** As it may leave for a terminal: what would be a command there is shown as `\u001b`, which keeps JSON what it is. */
export function printable(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A text as lines that do nothing to a terminal: who owns a VPS may have written into it. */
export function harmlessLines(text: string): string[] {
  return text.trimEnd().split(/\r?\n|\r/).map((line) => line.replaceAll(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, "").replaceAll(/[^\P{C}\t]/gu, ""));
}
