/** JSON as somebody else writes it. */

/**
 * `undefined` for an empty text and for one that is not JSON. In its texts there is no NUL, and no half of a surrogate
 * pair: PostgreSQL keeps neither, and the engine takes no text with the latter.
 */
export function jsonOrUndefined(text: string): unknown {
  try {
    return text.trim() === "" ? undefined : (JSON.parse(withoutOddCharacters(text)) as unknown);
  } catch {
    return undefined;
  }
}

/** Both are in JSON by their escape alone: what was decoded from UTF-8 has no halves, and JSON allows no bare NUL. */
const ODD = /\\u(?:0000|d[89a-f])/i;
const ESCAPES = /\\(?:ud[89ab][\da-f]{2}\\ud[c-f][\da-f]{2}|(u0000)|(ud[89a-f][\da-f]{2})|.)/gi;

function withoutOddCharacters(json: string): string {
  if (!ODD.test(json)) return json;
  return json.replaceAll(ESCAPES, (escape, nul?: string, half?: string) => (nul !== undefined ? "" : half !== undefined ? "\\ufffd" : escape));
}
