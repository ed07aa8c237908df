/** Takes secrets out of texts before they are stored or shown. */

const REDACTED = "[secret]";

/** A value shorter than this would take harmless words out with it. */
const SHORTEST_SECRET = 6;

/** What looks like a credential whatever its value: user and password of a URL, a bearer token. */
const PATTERNS: readonly [RegExp, string][] = [
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@:]+:[^\s/@]*@/gi, `$1${REDACTED}@`],
  [/\b(bearer)\s+[\w.~+/=-]{8,}/gi, `$1 ${REDACTED}`],
];

export interface Redactor {
  /** From now on this value is a secret too. */
  add(...secrets: (string | undefined)[]): void;
  redact(text: string): string;
}

export function createRedactor(...secrets: (string | undefined)[]): Redactor {
  const known = new Set<string>();
  const add = (...values: (string | undefined)[]) => {
    for (const value of values) {
      if (!value || value.length < SHORTEST_SECRET) continue;
      known.add(value);
      // As it would stand inside JSON.
      known.add(JSON.stringify(value).slice(1, -1));
    }
  };
  add(...secrets);
  return {
    add,
    redact(text) {
      let clean = text;
      for (const secret of known) clean = clean.replaceAll(secret, REDACTED);
      for (const [pattern, replacement] of PATTERNS) clean = clean.replaceAll(pattern, replacement);
      return clean;
    },
  };
}
