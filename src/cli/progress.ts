/** Says on standard error what is being waited for and for how long. */
import { beginningOf } from "../../providers/core/cut-text.ts";
import { inSeconds, SECOND_MS } from "../../providers/core/time.ts";

export interface Progress {
  /** What is being done from now on. */
  say(text: string): void;
  /** Nothing is waited for any more. */
  end(): void;
}

export interface ProgressStream {
  readonly isTTY?: boolean;
  /** Of a terminal, as wide as it is now. */
  readonly columns?: number;
  write(text: string): unknown;
}

/** Without a terminal, what goes on is said again this often. */
const REPEAT_INTERVAL_MS = 15 * SECOND_MS;
const CLEAR_LINE = "\r\u001b[K";

/**
 * One line for each thing that is said, with the time since the start. In a terminal the last line
 * counts the seconds of what is being waited for.
 *
 * @param clean what may be shown of a text; the control sequences of the last line itself are none of it
 */
export function startProgress(stream: ProgressStream, { repeatIntervalMs = REPEAT_INTERVAL_MS, clean = (text: string) => text } = {}): Progress {
  const startMs = performance.now();
  let current: { text: string; sinceMs: number } | undefined;
  let timer: NodeJS.Timeout | undefined;
  const isLive = stream.isTTY === true;
  // What is to be written over has to be one line on the screen.
  const fitting = (line: string) => (isLive && stream.columns ? beginningOf(line, stream.columns - 1) : line);
  const at = (nowMs: number) => `${((nowMs - startMs) / SECOND_MS).toFixed(1).padStart(6)} s  `;

  const tick = () => {
    if (!current) return;
    const nowMs = performance.now();
    const line = `${at(nowMs)}${isLive ? "" : "still: "}${current.text} (${inSeconds(nowMs - current.sinceMs)})`;
    stream.write(isLive ? CLEAR_LINE + fitting(line) : `${line}\n`);
  };
  const finishLine = () => {
    if (isLive && current) stream.write(`${CLEAR_LINE}${at(current.sinceMs)}${current.text}\n`);
  };
  return {
    say(text) {
      const line = clean(text).replaceAll(/\s*\n\s*/g, " ");
      if (current?.text === line) return;
      finishLine();
      current = { text: line, sinceMs: performance.now() };
      stream.write(`${fitting(at(current.sinceMs) + line)}${isLive ? "" : "\n"}`);
      timer ??= setInterval(tick, isLive ? SECOND_MS : repeatIntervalMs).unref();
    },
    end() {
      finishLine();
      current = undefined;
      clearInterval(timer);
      timer = undefined;
    },
  };
}
