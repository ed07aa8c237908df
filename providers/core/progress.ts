/** What a provider says to the person in front of the screen while it waits. */
import { inSeconds, SECOND_MS } from "./time.ts";

const REPEAT_INTERVAL_MS = 15 * SECOND_MS;

let show: ((line: string) => void) | undefined;

/**
 * Shows one line of text. The engine reads the standard output of a provider that it has started
 * line by line, and shows each line at once as an `info` diagnostic of the stack.
 */
export function reportProgress(text: string): void {
  const line = text.replaceAll(/\s*\n\s*/g, " ");
  // console.log ignores a broken pipe, which is what standard output is once the engine is gone.
  if (show) show(line);
  else console.log(line);
}

/** For a process that the engine has attached to; undefined: on standard output again. */
export function showProgressBy(way: ((line: string) => void) | undefined): void {
  show = way;
}

export interface Waiting {
  /** Says what is being waited for; printed when it is not what was said before. */
  now(what: string): void;
  /** Ends the repetitions. */
  end(): void;
}

export interface WaitingOptions {
  readonly repeatIntervalMs?: number;
  readonly report?: (text: string) => void;
}

/**
 * Reports a wait: one line when what is waited for changes, and again every 15 s while it does
 * not, as `waiting for alice.spoq.dev: TLS: certificate not yet issued (12 s)`; the time is that
 * since the wait began.
 */
export function startWaiting(subject: string, options: WaitingOptions = {}): Waiting {
  const { repeatIntervalMs = REPEAT_INTERVAL_MS, report = reportProgress } = options;
  const startedMs = performance.now();
  let current: string | undefined;
  const say = () => report(`waiting for ${subject}: ${current} (${inSeconds(performance.now() - startedMs)})`);
  const repeat = setInterval(() => {
    if (current !== undefined) say();
  }, repeatIntervalMs).unref();
  return {
    now(what) {
      if (what === current) return;
      current = what;
      say();
      repeat.refresh();
    },
    end: () => clearInterval(repeat),
  };
}
