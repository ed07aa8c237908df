/** The only way to cut a text of which the rest is kept: half of a surrogate pair is no character, and PostgreSQL's jsonb refuses it. */

/** As `slice(0, longest)`, but without the half of a character that is cut through. */
export function beginningOf(text: string, longest: number): string {
  return text.slice(0, isWithinPair(text, longest) ? longest - 1 : longest);
}

/** The last characters, likewise. */
export function endingOf(text: string, longest: number): string {
  const from = Math.max(0, text.length - longest);
  return text.slice(isWithinPair(text, from) ? from + 1 : from);
}

/** With `…` in place of what is cut off. */
export function shortened(text: string, longest: number): string {
  return text.length > longest ? `${beginningOf(text, longest)}…` : text;
}

function isWithinPair(text: string, at: number): boolean {
  return at > 0 && (text.codePointAt(at - 1) ?? 0) > 0xffff;
}
