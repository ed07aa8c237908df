/**
 * Looks for what users' VPSs wait for, so that no run has to: one leader among all workers, one list of
 * VMs for all who wait for theirs to run, one probe at a time for each who waits for health. The moment
 * it is there, or the limit is over, the next `up` is queued. All of it lies in PostgreSQL: another
 * leader goes on where this one was. Who begins to wait is told by NOTIFY; while nobody does, nothing is done.
 */
import type { Pool } from "pg";
import type { Awaited } from "../../providers/core/patience.ts";
import type { HealthTarget } from "../../providers/health/target.ts";
import { messageOf } from "../../providers/core/errors.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import { inTransaction } from "../db/index.ts";
import { Listener } from "../db/listener.ts";
import type { VmInventory } from "../inventory/vm-inventory.ts";
import type { Jobs } from "../jobs/index.ts";
import { dropOvertakenWaits, holdLease, letLeaseGo, noteSeen, noteWaitTime, queueWait, usualWaitSeconds, watchedWaits } from "../records/index.ts";
import type { VpsWait } from "../records/index.ts";
import { startHealthProbes } from "./health.ts";
import { listIntervalMs, pauseMs, SHORTEST_MS } from "./pace.ts";
import { wantsLook } from "./purchase.ts";
import { lookAtVm } from "./running.ts";
import { Wake } from "./wake.ts";

const CHANNEL = "user_vps_waits";
/** Between two looks while nobody waits: whoever begins to is told, and this is for what was told to nobody. */
const IDLE_MS = 10 * SECOND_MS;
const LEASE = "watcher";
const LEASE_SILENT_SECONDS = 4;
const LEASE_BEAT_MS = SECOND_MS;
/** What takes longer than that is looked at by a run, once it takes so many times as long as is usual. */
const SHORTEST_RUN_INTERVAL_MS = 90 * SECOND_MS;
const LATE_FOR_A_RUN = 1.5;
const USUAL_REFRESH_MS = 10 * SECOND_MS;

export interface WatcherOptions {
  readonly pool: Pool;
  readonly databaseUrl: string;
  readonly jobs: Jobs;
  readonly workerId: string;
  readonly inventory: VmInventory;
  readonly target: Omit<HealthTarget, "hostname" | "address">;
  readonly log: (line: string) => void;
}

export interface Watcher {
  stop(): Promise<void>;
}

export async function startWatcher(options: WatcherOptions): Promise<Watcher> {
  const { pool, databaseUrl, log, workerId } = options;
  const stopped = new AbortController();
  const wake = new Wake();
  const listener = new Listener({ url: databaseUrl, channel: CHANNEL, name: "user-vps waits", onNotify: () => wake.now(), onGap: () => wake.now() });
  await listener.start();
  const watching = watch(options, wake, stopped.signal);
  return {
    async stop() {
      stopped.abort();
      await Promise.all([watching, listener.close()]);
      await letLeaseGo(pool, LEASE, workerId).catch((error: unknown) => log(`the watcher's lease stays for ${LEASE_SILENT_SECONDS} s: ${messageOf(error)}`));
    },
  };
}

async function watch({ pool, jobs, workerId, inventory, target, log }: WatcherOptions, wake: Wake, signal: AbortSignal): Promise<void> {
  const usualMs = new Map<string, number | undefined>();
  let usualReadMs = -Infinity;
  let beatMs = -Infinity;
  let listedMs = -Infinity;
  /** Beside the turns: a list that hangs holds up neither probes nor the lease. */
  let listing: Promise<void> | undefined;
  const looking = createTrouble(log, "the watcher cannot look", "the watcher goes on");
  const listed = createTrouble(log, "the watcher cannot list VMs", "the watcher lists VMs again");
  const probes = startHealthProbes({
    target, log,
    onHealthy: (wait) => goOn(pool, jobs, wait, "there"),
    onSeen: (wait, seen) => note(pool, wait, seen),
  });

  /** @returns the pause until the next turn */
  async function turn(): Promise<number> {
    const { waits, nowMs: databaseMs } = await watchedWaits(pool);
    // Health probes are to know as well that there is nobody left.
    if (waits.length === 0) {
      probes.look([], undefined, databaseMs);
      return IDLE_MS;
    }
    const nowMs = performance.now();
    if (nowMs - beatMs >= LEASE_BEAT_MS) {
      if (!(await holdLease(pool, LEASE, workerId, LEASE_SILENT_SECONDS))) return LEASE_BEAT_MS;
      beatMs = nowMs;
      // Then the list is read anew.
      if ((await dropOvertakenWaits(pool)) > 0) return 0;
    }
    // What becomes of a purchase when its time is over is for a run to find out: see purchase.ts.
    const over = waits.filter(({ what, until }) => what !== "purchase" && until.getTime() <= databaseMs());
    for (const wait of over) await goOn(pool, jobs, wait, "overdue");
    if (waits.some(({ what }) => what !== "purchase") && nowMs - usualReadMs > USUAL_REFRESH_MS) {
      usualReadMs = nowMs;
      for (const what of ["running", "health"] as const) usualMs.set(what, (await usualWaitSeconds(pool, what).then((seconds) => seconds && seconds * SECOND_MS)));
    }
    const late = waits.filter((wait) => !over.includes(wait) && wantsRun(wait, usualMs.get(wait.what), databaseMs()));
    for (const wait of late) await goOn(pool, jobs, wait, "look");
    const left = (what: Awaited) => waits.filter((wait) => wait.what === what && !over.includes(wait) && !late.includes(wait));
    probes.look(left("health"), usualMs.get("health"), databaseMs);
    const [running, purchases] = [left("running"), left("purchase")];
    const forList = [...running, ...purchases];
    const pauseOf = ({ what, since }: VpsWait) => pauseMs(databaseMs() - since.getTime(), usualMs.get(what));
    const intervalMs = listIntervalMs(databaseMs() - Math.min(...forList.map(({ since }) => since.getTime())));
    const listPauseMs = Math.max(intervalMs, Math.min(...forList.map(pauseOf)));
    // The run that began a wait has just looked.
    const isDue = forList.some((wait) => databaseMs() - wait.since.getTime() >= SHORTEST_MS);
    if (isDue && !listing && nowMs - listedMs >= listPauseMs) {
      listedMs = nowMs;
      listing = lookAtVms(running, purchases, intervalMs, databaseMs)
        .then(() => listed.ends(), (error: unknown) => { if (!signal.aborted) listed.begins(error); })
        .finally(() => { listing = undefined; });
    }
    // Twice as often as looks are due, so that each comes about in time.
    return Math.min(LEASE_BEAT_MS, ...waits.map((wait) => pauseOf(wait) / 2));
  }

  async function lookAtVms(running: readonly VpsWait[], purchases: readonly VpsWait[], mostAgeMs: number, databaseMs: () => number): Promise<void> {
    const { vms } = await inventory.notOlderThan(mostAgeMs, signal);
    for (const wait of purchases) if (wantsLook(wait, vms.values(), databaseMs())) await goOn(pool, jobs, wait, "look");
    for (const wait of running) {
      const look = lookAtVm(vms.get(wait.vmId!), wait.seenByRun, databaseMs() - wait.since.getTime());
      if (look.isOver) await goOn(pool, jobs, wait, look.isThere ? "there" : "look");
      else await note(pool, wait, look.seen);
    }
  }

  while (!signal.aborted) {
    let pauseMs = SECOND_MS;
    try {
      pauseMs = await turn();
      looking.ends();
    } catch (error) {
      if (signal.aborted) break;
      looking.begins(error);
    }
    await wake.pause(pauseMs, signal);
  }
  await Promise.all([probes.stop(), listing]);
}

/** The database or the API is away: said once, and looked again. */
function createTrouble(log: (line: string) => void, begun: string, ended: string): { begins(error: unknown): void; ends(): void } {
  let isThere = false;
  return {
    begins(error) {
      if (!isThere) log(`${begun}: ${messageOf(error)}`);
      isThere = true;
    },
    ends() {
      if (isThere) log(ended);
      isThere = false;
    },
  };
}

/**
 * What is late is looked at by a run now and then, which can log in to the VPS and read its boot log.
 *
 * @param usualMs undefined: not known
 */
export function wantsRun({ since, ranAt }: Pick<VpsWait, "since" | "ranAt">, usualMs: number | undefined, nowMs: number): boolean {
  const waitedMs = nowMs - since.getTime();
  if (waitedMs < LATE_FOR_A_RUN * (usualMs ?? 0)) return false;
  return nowMs - ranAt.getTime() > Math.max(SHORTEST_RUN_INTERVAL_MS, waitedMs / 3);
}

/** `look`: there is something for a run to see, or to do. `overdue`: the limit is over, and the next run fails with what is missing. */
async function goOn(pool: Pool, jobs: Jobs, wait: VpsWait, why: "there" | "look" | "overdue"): Promise<void> {
  await inTransaction(pool, async (db) => {
    const waited = await queueWait(db, wait);
    if (!waited) return;
    if (why === "there") await noteWaitTime(db, wait.what, waited.seconds);
    await jobs.enqueue(db, { operation: "up", userId: wait.userId, ...(why === "overdue" && { overdue: wait.what }) });
  });
}

async function note(pool: Pool, wait: VpsWait, seen: string): Promise<void> {
  if (seen !== wait.seen) await noteSeen(pool, wait, seen);
}
