import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { MINUTE_MS, SECOND_MS } from "../../providers/core/time.ts";
import { newVm } from "../provisioning/ask-to-buy.ts";
import { goOn, hasUnknownTerms, hasWork, readTerms, settleLeft } from "../purchases/index.ts";
import { send } from "./queue.ts";
import type { WorkerContext } from "./worker-context.ts";

const INTERVAL_MS = 1 * SECOND_MS;
const SETTLE_INTERVAL_MS = MINUTE_MS;
const TERMS_INTERVAL_MS = 10 * MINUTE_MS;
/** After Hostinger, Cloudflare or the database could not be asked. */
const PAUSE_MS = 15 * SECOND_MS;

type Context = Pick<WorkerContext, "boss" | "pool" | "engine" | "purchases" | "vms" | "log">;

/**
 * Gives those who wait for their turn to buy a job when it has come. Every worker looks, as the guards let only one at
 * a time reserve; where nobody waits, it is one small query.
 */
export function startPurchaseTurns(context: Context): { stop(): Promise<void> } {
  const { pool, boss, engine, purchases: { guard, account }, vms, log } = context;
  const stopped = new AbortController();
  const session = vms.openSession({ signal: stopped.signal, report: () => undefined });
  let settledMs = 0;
  let termsMs = 0;
  let pausedUntilMs = 0;
  let turn = Promise.resolve();

  const look = async () => {
    if (Date.now() >= termsMs + TERMS_INTERVAL_MS && (await hasUnknownTerms(pool))) {
      termsMs = Date.now();
      await readTerms(pool, session);
    }
    if (!(await hasWork(pool))) return;
    if (Date.now() >= settledMs + SETTLE_INTERVAL_MS) {
      settledMs = Date.now();
      await settleLeft(guard, account, session, async (username, replacedVmId) => newVm(await engine.vms(username), replacedVmId));
    }
    const gone = await goOn(guard, session, (db, userId) => send(boss, db, { operation: "up", userId }));
    if (gone.length > 0) log(`${gone.length} users who waited to buy go on: ${gone.join(", ")}`);
  };
  let running = false;
  const timer = setInterval(() => {
    if (running || Date.now() < pausedUntilMs) return;
    running = true;
    turn = look().catch((error: unknown) => {
      if (stopped.signal.aborted) return;
      pausedUntilMs = Date.now() + PAUSE_MS;
      log(`who waits to buy cannot be looked after: ${messageOf(error)}`);
    }).finally(() => { running = false; });
  }, INTERVAL_MS).unref();
  return {
    async stop() {
      clearInterval(timer);
      stopped.abort(new UserVpsError("CANCELLED", "The worker ends."));
      await turn;
    },
  };
}
