/** The worker's side of roll-outs. */
import type { PgBoss } from "pg-boss";
import type { Pool } from "pg";
import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import type { Settings } from "../config/index.ts";
import { HEARTBEAT_SECONDS, NOTIFIED_POLLING } from "../jobs/queue.ts";
import { RunningWork } from "../jobs/running-work.ts";
import { tryLockSession } from "../jobs/session-lock.ts";
import { stopWork } from "../jobs/stop-work.ts";
import { tryLockUser } from "../jobs/user-lock.ts";
import { stackRequestOf } from "../provisioning/stack-request.ts";
import type { Engine, RunHooks } from "../provisioning/engine.ts";
import type { VmPower } from "../provisioning/operation.ts";
import { refuseNamesOfOthers } from "../provisioning/own-vms.ts";
import { callsOf } from "../provisioning/power.ts";
import { watchForLostRollOuts } from "./lost-roll-outs.ts";
import { createRollOutQueue, ROLL_OUT_QUEUE, sendRollOutJob } from "./queue.ts";
import { findUnfinishedRollOuts, type CredentialsCipher } from "../records/index.ts";
import { RELEASE_LIMITS } from "./release-to-vps.ts";
import { runRollOut, type RollOutContext } from "./run-roll-out.ts";
import { takeSnapshot } from "./take-snapshot.ts";

export interface RollOutWorkerOptions {
  readonly boss: PgBoss;
  readonly pool: Pool;
  readonly databaseUrl: string;
  readonly engine: Engine;
  readonly vms: Pick<VmPower, "openSession">;
  readonly settings: Settings;
  readonly cipher: CredentialsCipher;
  readonly workerId: string;
  readonly hostId: string;
  /** Values that no log may hold. */
  readonly secrets: readonly string[];
  readonly log: (line: string) => void;
}

export interface RollOutWorker {
  /**
   * Begins with no further VPS, lets those under way finish for `graceMs`, and hands the rest over
   * to another worker. Called again with 0, it hands over at once.
   */
  stop(graceMs: number): Promise<void>;
}

/** How soon to look again at what another worker is at, or what was interrupted. */
const AGAIN_SECONDS = 5;
/** Different from every user's: see tryLockUser. */
const LOCK_NAME = "user-vps roll-outs";

export async function startRollOutWorker(options: RollOutWorkerOptions): Promise<RollOutWorker> {
  const { boss, pool, databaseUrl, engine, vms, settings, cipher, workerId, hostId, secrets, log } = options;
  const closing = new AbortController();
  const handOver = new AbortController();
  const running = new RunningWork();
  const openSession = (hooks: RunHooks) => vms.openSession({ ...callsOf(hooks), report: (text) => hooks.onLine?.(text) });
  const context: RollOutContext = {
    pool, engine, cipher, workerId, hostId, secrets, log,
    stackOf: async (record) => stackRequestOf(record, settings),
    lockUser: (userId) => tryLockUser(databaseUrl, userId),
    lockRollOuts: () => tryLockSession({ databaseUrl, name: LOCK_NAME, of: "roll-outs" }),
    refuseNamesOfOthers: (record, hooks) => refuseNamesOfOthers(pool, openSession(hooks), record, record.hostingerVmId === null ? [] : [record.hostingerVmId], { what: "given a release" }),
    takeSnapshot: (record, hooks) => takeSnapshot(openSession(hooks), record),
    ...RELEASE_LIMITS,
    limitMs: settings.rollOutVpsLimitSeconds * SECOND_MS,
    closing: closing.signal,
    signal: handOver.signal,
  };

  async function work(): Promise<void> {
    try {
      for (const rollOutId of await findUnfinishedRollOuts(pool)) {
        const { version, outcome } = await runRollOut(context, rollOutId);
        log(`roll-out of ${version}: ${outcome ?? "to be gone on with"}`);
        // A later one must not be overtaken by what is left of an earlier one.
        if ((await findUnfinishedRollOuts(pool)).includes(rollOutId)) break;
      }
    } catch (error) {
      const isBusy = error instanceof UserVpsError && error.code === "STACK_LOCKED";
      if (!isBusy) throw error;
    }
    const isLeft = (await findUnfinishedRollOuts(pool)).length > 0;
    if (isLeft) await sendRollOutJob(boss, pool, closing.signal.aborted ? 0 : AGAIN_SECONDS);
  }

  await createRollOutQueue(boss);
  await boss.work(ROLL_OUT_QUEUE, { ...NOTIFIED_POLLING, heartbeatRefreshSeconds: HEARTBEAT_SECONDS / 4 }, async () => {
    await running.track(work()).catch((error: unknown) => {
      log(`a roll-out was interrupted, the queue has it gone on with: ${messageOf(error)}`);
      throw error;
    });
  });
  const watch = watchForLostRollOuts({ boss, pool, log });

  return {
    async stop(graceMs) {
      closing.abort(new UserVpsError("RUN_LOST", "The worker is shut down."));
      if (await running.endedWithin(graceMs, Promise.all([stopWork(boss, ROLL_OUT_QUEUE, log), watch.stop()]))) return;
      handOver.abort(new UserVpsError("RUN_LOST", "The worker was shut down; the run is handed over to another."));
      await running.ended();
    },
  };
}
