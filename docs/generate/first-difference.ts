export interface Difference {
  /** The first one is 1. */
  readonly lineNumber: number;
  /** undefined: the text has ended before. */
  readonly present: string | undefined;
  readonly wanted: string | undefined;
}

/** The first line in which two texts differ; undefined if they are the same. */
export function firstDifference(present: string, wanted: string): Difference | undefined {
  if (present === wanted) return undefined;
  const [presentLines, wantedLines] = [present.split("\n"), wanted.split("\n")];
  for (let index = 0; ; index += 1) {
    if (presentLines[index] !== wantedLines[index]) return { lineNumber: index + 1, present: presentLines[index], wanted: wantedLines[index] };
  }
}
