/** For SQL, behind a column or behind its `NOT`: it is one of these, which are words of this program's own. */
export function oneOf(words: readonly string[]): string {
  return `IN ('${words.join("', '")}')`;
}
