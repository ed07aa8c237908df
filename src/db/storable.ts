/** What PostgreSQL keeps: its text holds no NUL, and its jsonb no half of a surrogate pair either. */

export function storableText(text: string): string;
export function storableText(text: string | null | undefined): string | null;
export function storableText(text: string | null | undefined): string | null {
  return text?.replaceAll("\0", "") ?? null;
}

/**
 * A value as a parameter for jsonb. Texts of machines may hold anything, and a record that cannot be written for one
 * odd character is worse than one without it. JSON.stringify escapes just those characters.
 */
export function storableJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(/\\(?:u0000|ud[89a-f][0-9a-f]{2}|.)/g, (escape) => (escape === "\\u0000" ? "" : escape.startsWith("\\ud") ? "\ufffd" : escape));
}
