/** What a text in a request may be; each has one rule, whichever route reads it. */
import { z } from "zod";

const LONGEST_USER_ID = 255;

/** @param longest in UTF-16 code units. PostgreSQL keeps no NUL. */
export function text(longest: number) {
  return z.string().min(1).max(longest).regex(/^[^\x00]*$/, "expected a text without NUL");
}

/** @param words what it is for, as the API's description has it */
export function time(words: string) {
  return z.iso.datetime({ offset: true }).transform((written) => new Date(written)).optional().describe(words);
}

/**
 * Who a user is, `sub` of their token. Halves of a surrogate pair would all be kept as the same character, and two users be one.
 * Ranges, not `\p{…}`: which characters are assigned is another question in each version of Unicode, and readers of /openapi.json have their own.
 */
export const USER_ID = z.string().min(1).max(LONGEST_USER_ID)
  .regex(/^[^\x00-\x1f\x7f-\x9f]+$/, `expected 1 to ${LONGEST_USER_ID} characters without control characters`)
  .refine((id) => id.isWellFormed(), "expected whole characters, no half of a surrogate pair");
