import { startStopwatch } from "../../core/stopwatch.ts";
import { SECOND_MS, inSeconds, sleep } from "../../core/time.ts";
import type { Session } from "../session.ts";

const FIRST_INTERVAL_MS = 0.5 * SECOND_MS;
const LONGEST_INTERVAL_MS = 10 * SECOND_MS;
const INTERVAL_GROWTH = 1.3;
const REPORT_INTERVAL_MS = 15 * SECOND_MS;

/** Every wait of a purchase: abortable by the session's signal, told to the person, less often as time goes on. */
export class Wait {
  readonly #session: Session;
  readonly #waitedMs = startStopwatch();
  #intervalMs = FIRST_INTERVAL_MS;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(session: Session) {
    this.#session = session;
  }

  get waitedMs(): number {
    return this.#waitedMs();
  }

  /** Until the next look; `mostMs` if something is known to be different by then. */
  async untilNextLook(what: string, mostMs: number = Number.POSITIVE_INFINITY): Promise<void> {
    if (this.waitedMs - this.#toldAtMs >= REPORT_INTERVAL_MS) {
      this.#toldAtMs = this.waitedMs;
      this.#session.report(`${what} (${inSeconds(this.waitedMs)})`);
    }
    await sleep(Math.max(1, Math.min(this.#intervalMs, mostMs)), this.#session.signal);
    this.#intervalMs = Math.min(this.#intervalMs * INTERVAL_GROWTH, LONGEST_INTERVAL_MS);
  }
}
