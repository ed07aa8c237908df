/** A user name is the first label of the user's host name, so it is a DNS label. */
import { shortened } from "../providers/core/cut-text.ts";
import { UserVpsError } from "../providers/core/errors.ts";
import { RESERVED_NAMES } from "./reserved-names.ts";

const LONGEST_LABEL = 63;

/**
 * The user name, if it can be used as one.
 *
 * @param text 1 to 63 characters of a-z, 0-9 and '-', not beginning or ending with '-', without
 *   '--' in places 3 and 4 (RFC 5891 keeps those for encoded names such as `xn--…`), not only
 *   digits (which reads as a part of an address), and not reserved
 * @throws UserVpsError USERNAME_INVALID that says what was expected and got; nothing is corrected
 *   silently, not even upper case
 */
export function parseUsername(text: string): string {
  const problem = problemOf(text);
  if (problem) throw new UserVpsError("USERNAME_INVALID", `The user name ${quote(text)} cannot be used: ${problem}.`);
  return text;
}

function problemOf(text: string): string | undefined {
  if (text === "") return "expected at least one character, got none";
  if (text.length > LONGEST_LABEL) return `expected at most ${LONGEST_LABEL} characters, got ${text.length}`;
  const lowered = text.toLowerCase();
  if (lowered !== text && /^[a-z0-9-]+$/.test(lowered)) return `expected lower case; '${lowered}' would be the lower-case form`;
  const foreign = /[^a-z0-9-]/u.exec(text)?.[0];
  if (foreign) return `expected only a-z, 0-9 and '-', got ${quote(foreign)}`;
  if (text.startsWith("-") || text.endsWith("-")) return "expected a letter or a digit at the beginning and at the end, got '-'";
  if (text.slice(2, 4) === "--") return "expected no '--' in places 3 and 4, which are kept for encoded names";
  if (/^[0-9]+$/.test(text)) return "expected at least one letter, got only digits";
  if (RESERVED_NAMES.has(text)) return "expected a name that no service of the domain uses, got a reserved one";
  return undefined;
}

/** For a message: shortened, control characters made visible. */
function quote(text: string): string {
  return JSON.stringify(shortened(text, LONGEST_LABEL));
}
