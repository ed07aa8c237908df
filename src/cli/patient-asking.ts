/** Going on where whoever is asked is away for a while, as a service or a database is that is restarted. */
import { monotonicMs, SECOND_MS, sleep } from "../../providers/core/time.ts";
import { isDatabaseOutage } from "../db/outage.ts";
import type { Invocation } from "./command.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";

/** So long without an answer, and it is given up. */
const AWAY_LIMIT_MS = 60 * SECOND_MS;
const INTERVAL_MS = 2 * SECOND_MS;

export type Asking = <T>(ask: () => Promise<T>) => Promise<T>;

/** Whoever has never answered is not waited for: it may be another address. */
export function patientAsking({ progress, signal }: Pick<Invocation, "progress" | "signal">): Asking {
  let answeredMs: number | undefined;
  return async (ask) => {
    for (;;) {
      try {
        const answer = await ask();
        answeredMs = monotonicMs();
        return answer;
      } catch (error) {
        if (answeredMs === undefined || !isAway(error) || monotonicMs() - answeredMs > AWAY_LIMIT_MS) throw error;
        progress.say("there is no answer for the moment; asking again");
      }
      await sleep(INTERVAL_MS, signal);
    }
  };
}

function isAway(error: unknown): boolean {
  return exitCodeOf(error) === EXIT.tryAgainLater || isDatabaseOutage(error);
}
