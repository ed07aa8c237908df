/** Makes two runs of the same command print the same: what differs by time, chance or machine is replaced or left out. */

/** Lines that come and go with the time that something takes, or that tell of this machine. */
const LEFT_OUT: readonly RegExp[] = [
  // Progress of the command line, and of the engine's rows; a row with a message is kept.
  /^ *\d+\.\d s  /,
  /^(\d\d:\d\d:\d\d  )? *([+~-] +)?[\w-]+:\S+ \S+ (creating|updating|deleting|refreshing|refresh|running) *(\(\d+s\) *)?$/,
  /^@ \S+ update\.*$/,
  /^@ updating\.*$/,
  /^ {4}\S+:\S+ \S+ *$/,
  // Of doctor.
  /^(ok|FAILED|skipped) +(engine|plugins|disk|database|clock) /,
];

const REPLACED: readonly (readonly [RegExp, string])[] = [
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "2026-01-31T12:00:00.000Z"],
  [/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b/g, "2026-01-31 12:00:00"],
  [/^\d\d:\d\d:\d\d(?= )/gm, "12:00:00"],
  // As many digits as a free port has.
  [/\b(127\.0\.0\.1|localhost):\d{5}\b/g, "$1:18080"],
  // `(0.3s)`, `Duration: 2s`, `after 3.706 s`
  [/\((\d+(\.\d+)?)(s| s)\)/g, "(1$3)"],
  [/\bDuration: \d+m?\d*s/g, "Duration: 1s"],
  [/\b(after|in|within) \d+(\.\d+)? s\b/g, "$1 1 s"],
  [/(?<=, )\d+\.\d+ s(?=,)/g, "1 s"],
  [/"(seconds|version)": ?\d+(\.\d+)?/g, '"$1": 1'],
  // What the VM is just doing while it is waited for.
  [/(VM \d+ to run|\S+ to be healthy): .*/g, "$1: …"],
  [/(created|updated|deleted)( \(\S+\))?( \d+ warnings?)?;? ?\d+ messages?/g, "$1$2$3"],
];

const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;
const HEX_ID = /\b[0-9a-f]{32}\b/g;

export interface Normaliser {
  normalise(text: string): string;
}

/** @param places texts of this run, such as folders, and what stands in their place */
export function createNormaliser(places: Readonly<Record<string, string>>): Normaliser {
  const uuids = numbered((number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`);
  const hexIds = numbered((number) => String(number).padStart(32, "0"));
  return {
    normalise(text) {
      const lines = text.replaceAll("\r", "").split("\n").filter((line) => !LEFT_OUT.some((pattern) => pattern.test(line)));
      let result = withoutRepetitions(lines.map((line) => indented(line.trimEnd()))).join("\n");
      for (const [from, to] of Object.entries(places)) result = result.replaceAll(from, to);
      for (const [pattern, replacement] of REPLACED) result = result.replace(pattern, replacement);
      result = result.replace(UUID, uuids).replace(HEX_ID, hexIds).replace(/\b\d+\.\d( +)(done|goes on)$/gm, secondsOfPhase).replace(/(?<=\b(?:succeeded|failed|lost|cancelled|waiting) +(?:\S+ +)?)\d+(\.\d+)? +(?=2026-|-)/g, secondsOfRun);
      return withoutRepetitions(result.split("\n")).join("\n").trim();
    },
  };
}

/** The same id gets the same number, wherever it stands. */
function numbered(write: (number: number) => string): (id: string) => string {
  const known = new Map<string, string>();
  return (id) => {
    if (!known.has(id)) known.set(id, write(known.size + 1));
    return known.get(id)!;
  };
}

/** A document on one line is for programs; here people read it. */
function indented(line: string): string {
  if (!/^[{[].*[}\]]$/.test(line)) return line;
  try {
    return JSON.stringify(JSON.parse(line), undefined, 2);
  } catch {
    return line;
  }
}

function withoutRepetitions(lines: readonly string[]): string[] {
  return lines.filter((line, index) => line !== lines[index - 1]);
}

/** Columns stay as wide as they are. */
function secondsOfPhase(text: string, _blanks: string, end: string): string {
  return `1.0${" ".repeat(Math.max(1, text.length - 3 - end.length))}${end}`;
}

function secondsOfRun(text: string): string {
  return "1".padEnd(text.length);
}
