/** Colours for what a person reads on a terminal; put on last, when nothing of what was printed can be a command to the terminal any more. */

const RED = 31;
const GREEN = 32;
const YELLOW = 33;

const COLOURS: Readonly<Record<string, number>> = {
  ready: GREEN, ok: GREEN, succeeded: GREEN, done: GREEN,
  failed: RED, FAILED: RED, uncertain: RED, lost: RED,
  queued: YELLOW, provisioning: YELLOW, deprovisioning: YELLOW, suspended: YELLOW, cancelled: YELLOW, waiting: YELLOW, running: YELLOW, skipped: YELLOW,
};

/** A word that stands as the beginning of a cell: at the beginning of a line or after two blanks, up to a blank, a comma, a colon or the line's end. */
const CELL = new RegExp(`(^|  )(${Object.keys(COLOURS).join("|")})(?=$|[ ,:.])`, "gm");

/** https://no-color.org: NO_COLOR, if it is not empty, takes them away; so does whatever is no terminal. */
export function wantsColours(stream: { readonly isTTY?: boolean }, env: Readonly<Record<string, string | undefined>>): boolean {
  return stream.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb";
}

export function coloured(text: string): string {
  return text.replaceAll(CELL, (_, before: string, word: string) => `${before}\u001b[${COLOURS[word]}m${word}\u001b[39m`);
}
