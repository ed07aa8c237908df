/** Whether a name that nobody knows is a known one with a slip in it. */

/** The known name that is meant, if one is; whatever the case. */
export function meantBy(name: string, known: readonly string[]): string | undefined {
  return known.includes(name) ? undefined : known.find((one) => isMisspelt(name.toLowerCase(), one.toLowerCase()));
}

/** Two slips at most; of a short name fewer, or HOME would be HOST. */
function isMisspelt(name: string, meant: string): boolean {
  return editsBetween(name, meant) <= Math.min(2, Math.floor(meant.length / 4));
}

/** Levenshtein's distance, row by row. */
function editsBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= other.length; column += 1) {
      next.push(Math.min(next[column - 1]! + 1, row[column]! + 1, row[column - 1]! + (letter === other[column - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1)!;
}
