import { UserVpsError } from "./errors.ts";

/**
 * A token as it goes into a header: white space at its ends, as files and mounted secrets have it,
 * is taken off. Errors: CONFIG_INVALID for what cannot be a token, naming where it came from.
 */
export function tokenFrom(text: string, source: string): string {
  const token = text.trim();
  if (!isToken(token)) throw new UserVpsError("CONFIG_INVALID", `${source} is empty or has characters that no token has (a line break or a blank within?).`);
  return token;
}

/** Printable ASCII without blanks. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}
