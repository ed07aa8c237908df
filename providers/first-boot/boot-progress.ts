/** What /post_install.log tells of how far stacks/post-install.sh came. */

export interface BootProgress {
  /** `unfinished`: it still runs, or it was cut off. */
  readonly outcome: "complete" | "failed" | "unfinished";
  /** The last one that was begun; null if the log names none. */
  readonly step: { readonly number: number; readonly of: number; readonly title: string } | null;
  /** Of the command that failed. */
  readonly exitStatus: number | null;
  /** What it printed last: of that step, or at its end. */
  readonly lastLines: readonly string[];
  /** Of one that failed: the script says that what failed may pass, as a mirror that was away. */
  readonly mayPass: boolean;
  /** How often it was begun, as far as the log goes back. */
  readonly begun: number;
}

const STEP = /^=== step (\d+)\/(\d+): (.*)$/;
const FAILED = /^!!! Provisioning failed in step .* \(exit status (\d+)\)$/;
const BEGINNING = "=== Spoq VPS Provisioning ===";
const COMPLETE = "=== Provisioning Complete ===";
const MAY_PASS = "!!! What failed may pass: it is safe to run this again";
/** The times of each step; they are no news of it. */
const TIME = /^(began|ended) \d{4}-\S+Z(, after \d+ s)?$/;
const MOST_LINES = 20;

/** @param lines of the log; of several runs in it, the last one counts */
export function whereItStopped(lines: readonly string[]): BootProgress {
  const run = lines.slice(Math.max(0, lines.lastIndexOf(BEGINNING)));
  const begun = run.findLastIndex((line) => STEP.test(line));
  const [, number, of, title] = STEP.exec(run[begun] ?? "") ?? [];
  const step = number === undefined ? null : { number: Number(number), of: Number(of), title: title! };
  const failure = run.map((line) => FAILED.exec(line)).find((match) => match !== null);
  const complete = run.lastIndexOf(COMPLETE);
  const lastLines = run.slice(Math.max(begun, complete) + 1).filter((line) => line.trim() !== "" && line !== MAY_PASS && !FAILED.test(line) && !TIME.test(line)).slice(-MOST_LINES);
  const outcome = failure ? "failed" : complete >= 0 ? "complete" : "unfinished";
  return { outcome, step, exitStatus: failure ? Number(failure[1]) : null, lastLines, mayPass: run.includes(MAY_PASS), begun: lines.filter((line) => line === BEGINNING).length };
}

/** For people, the lines that it printed indented below. */
export function progressText({ outcome, step, exitStatus, lastLines }: Pick<BootProgress, "outcome" | "step" | "exitStatus" | "lastLines">): string {
  const place = step ? `step ${step.number} of ${step.of}, ${step.title}` : "a step that the log does not name";
  const said = {
    complete: "The script ran to its end.",
    failed: `The script stopped in ${place} (exit status ${exitStatus}).`,
    unfinished: `The script has begun ${place}, and has not ended: it still runs, or was cut off.`,
  }[outcome];
  return [lastLines.length > 0 ? `${said} Its last lines:` : said, ...lastLines.map((line) => `    ${line}`)].join("\n");
}
