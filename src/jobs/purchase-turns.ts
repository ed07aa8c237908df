import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { MINUTE_MS, SECOND_MS } from "../../providers/core/time.ts";
import { newVm } from "../provisioning/ask-to-buy.ts";
import { goOn, hasUnknownTerms, hasWork, readTerms, settleLeft } from "../purchases/index.ts";
import { nowAndThen } from "./now-and-then.ts";
import type { NowAndThen } from "./now-and-then.ts";
import { send } from "./queue.ts";
import type { WorkerContext } from "./worker-context.ts";

const INTERVAL_MS = 1 * SECOND_MS;
const SETTLE_INTERVAL_MS = MINUTE_MS;
/** A user whose record has changed since may be being worked on. */
const SETTLE_QUIET_SECONDS = 60;
const TERMS_INTERVAL_MS = 10 * MINUTE_MS;
/** After Hostinger, Cloudflare or the database could not be asked. */
const PAUSE_MS = 15 * SECOND_MS;

type Context = Pick<WorkerContext, "boss" | "pool" | "engine" | "purchases" | "vms" | "log">;

/**
 * Gives those who wait for their turn to buy a job when it has come. Every worker looks, as the guards let only one at
 * a time reserve; where nobody waits, it is one small query.
 */
export function startPurchaseTurns(context: Context): NowAndThen {
  const { pool, boss, engine, purchases: { guard, account }, vms, log } = context;
  const stopped = new AbortController();
  const session = vms.openSession({ signal: stopped.signal, report: () => undefined });
  // By a clock that nobody sets.
  let settleAtMs = 0;
  let termsAtMs = 0;
  let nextLookMs = 0;

  const look = async () => {
    if (performance.now() >= termsAtMs && (await hasUnknownTerms(pool))) {
      termsAtMs = performance.now() + TERMS_INTERVAL_MS;
      await readTerms(pool, session);
    }
    if (!(await hasWork(pool))) return;
    if (performance.now() >= settleAtMs) {
      settleAtMs = performance.now() + SETTLE_INTERVAL_MS;
      await settleLeft(guard, account, session, async (username, replacedVmId) => newVm(await engine.vms(username), replacedVmId), SETTLE_QUIET_SECONDS);
    }
    const gone = await goOn(guard, session, (db, userId) => send(boss, db, { operation: "up", userId }));
    if (gone.length > 0) log(`${gone.length} users who waited to buy go on: ${gone.join(", ")}`);
  };
  const turns = nowAndThen(INTERVAL_MS, async () => { if (performance.now() >= nextLookMs) await look(); }, (error) => {
    if (stopped.signal.aborted) return;
    nextLookMs = performance.now() + PAUSE_MS;
    log(`who waits to buy cannot be looked after: ${messageOf(error)}`);
  });
  return {
    async stop() {
      stopped.abort(new UserVpsError("CANCELLED", "The worker ends."));
      await turns.stop();
    },
  };
}
