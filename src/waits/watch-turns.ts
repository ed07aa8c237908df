/** What the watcher does, turn by turn: who waited too long goes on, who may have what they wait for is looked at. */
import type { Pool } from "pg";
import type { Awaited } from "../../providers/core/patience.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import type { HealthTarget } from "../../providers/health/target.ts";
import { inTransaction } from "../db/index.ts";
import type { VmInventory } from "../inventory/vm-inventory.ts";
import type { Jobs } from "../jobs/index.ts";
import { dropOvertakenWaits, LEASE_BEAT_MS, noteSeen, noteWaitTime, queueWait, usualWaitSeconds, watchedWaits } from "../records/index.ts";
import type { Lease, VpsWait } from "../records/index.ts";
import { startHealthProbes } from "./health.ts";
import type { HealthProbes } from "./health.ts";
import { listIntervalMs, pauseMs, SHORTEST_MS, wantsRun } from "./pace.ts";
import { wantsLook } from "./purchase.ts";
import { lookAtVm } from "./running.ts";
import { Trouble } from "./trouble.ts";

/** Between two looks while nobody waits: whoever begins to is told, and this is for what was told to nobody. */
const IDLE_MS = 10 * SECOND_MS;
const USUAL_REFRESH_MS = 10 * SECOND_MS;

export interface WatchTurnsOptions {
  readonly pool: Pool;
  readonly jobs: Jobs;
  readonly inventory: VmInventory;
  readonly target: Omit<HealthTarget, "hostname" | "address">;
  readonly lease: Lease;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

/** The clock that has written the waits' times, in milliseconds. */
type DatabaseClock = () => number;

export class WatchTurns {
  readonly #options: WatchTurnsOptions;
  readonly #probes: HealthProbes;
  readonly #listed: Trouble;
  readonly #usualMs = new Map<Awaited, number | undefined>();
  #usualReadMs = -Infinity;
  #listedMs = -Infinity;
  /** Beside the turns: a list that hangs holds up neither probes nor the lease. */
  #listing: Promise<void> | undefined;

  constructor(options: WatchTurnsOptions) {
    const { target, log } = options;
    this.#options = options;
    this.#listed = new Trouble(log, "the watcher cannot list VMs", "the watcher lists VMs again");
    this.#probes = startHealthProbes({
      target, log,
      onHealthy: (wait) => this.#goOn(wait, "there"),
      onSeen: (wait, seen) => this.#note(wait, seen),
    });
  }

  /** @returns the pause until the next turn */
  async take(): Promise<number> {
    const { pool, lease } = this.#options;
    const { waits, nowMs } = await watchedWaits(pool);
    if (waits.length === 0) {
      // Health probes are to know as well that there is nobody left.
      this.#probes.look([], undefined, nowMs);
      return IDLE_MS;
    }
    if (lease.isDue()) {
      if (!(await lease.hold())) return LEASE_BEAT_MS;
      // Then the list is read anew.
      if ((await dropOvertakenWaits(pool)) > 0) return 0;
    }
    const inTime = await this.#goOnWithOverdue(waits, nowMs);
    if (waits.some(({ what }) => what !== "purchase")) await this.#readUsualTimes();
    const left = await this.#goOnWithLate(inTime, nowMs);
    this.#probes.look(left.filter(({ what }) => what === "health"), this.#usualMs.get("health"), nowMs);
    this.#listIfDue(left.filter(({ what }) => what !== "health"), nowMs);
    // Twice as often as looks are due, so that each comes about in time.
    return Math.min(LEASE_BEAT_MS, ...waits.map((wait) => this.#pauseMs(wait, nowMs) / 2));
  }

  /** To be called once the signal is aborted. */
  async ended(): Promise<void> {
    await Promise.all([this.#probes.stop(), this.#listing]);
  }

  /** What becomes of a purchase when its time is over is for a run to find out: see purchase.ts. @returns the others */
  async #goOnWithOverdue(waits: readonly VpsWait[], nowMs: DatabaseClock): Promise<VpsWait[]> {
    const [overdue, others] = parted(waits, ({ what, until }) => what !== "purchase" && until.getTime() <= nowMs());
    for (const wait of overdue) await this.#goOn(wait, "overdue");
    return others;
  }

  /** @returns the others */
  async #goOnWithLate(waits: readonly VpsWait[], nowMs: DatabaseClock): Promise<VpsWait[]> {
    const [late, others] = parted(waits, (wait) => wantsRun(wait, this.#usualMs.get(wait.what), nowMs()));
    for (const wait of late) await this.#goOn(wait, "look");
    return others;
  }

  async #readUsualTimes(): Promise<void> {
    if (performance.now() - this.#usualReadMs <= USUAL_REFRESH_MS) return;
    this.#usualReadMs = performance.now();
    for (const what of ["running", "health"] as const) {
      const seconds = await usualWaitSeconds(this.#options.pool, what);
      this.#usualMs.set(what, seconds && seconds * SECOND_MS);
    }
  }

  #pauseMs({ what, since }: VpsWait, nowMs: DatabaseClock): number {
    return pauseMs(nowMs() - since.getTime(), this.#usualMs.get(what));
  }

  /** @param waits for a VM to run, or for the outcome of a purchase */
  #listIfDue(waits: readonly VpsWait[], nowMs: DatabaseClock): void {
    // The run that began a wait has just looked.
    const isAnyDue = waits.some(({ since }) => nowMs() - since.getTime() >= SHORTEST_MS);
    if (!isAnyDue || this.#listing) return;
    const intervalMs = listIntervalMs(nowMs() - Math.min(...waits.map(({ since }) => since.getTime())));
    if (performance.now() - this.#listedMs < Math.max(intervalMs, Math.min(...waits.map((wait) => this.#pauseMs(wait, nowMs))))) return;
    this.#listedMs = performance.now();
    this.#listing = this.#lookAtVms(waits, intervalMs, nowMs)
      .then(() => this.#listed.ends(), (error: unknown) => { if (!this.#options.signal.aborted) this.#listed.begins(error); })
      .finally(() => { this.#listing = undefined; });
  }

  async #lookAtVms(waits: readonly VpsWait[], mostAgeMs: number, nowMs: DatabaseClock): Promise<void> {
    const { inventory, signal } = this.#options;
    const { vms } = await inventory.notOlderThan(mostAgeMs, signal);
    const [purchases, running] = parted(waits, ({ what }) => what === "purchase");
    for (const wait of purchases) if (wantsLook(wait, vms.values(), nowMs())) await this.#goOn(wait, "look");
    for (const wait of running) {
      const look = lookAtVm(vms.get(wait.vmId!), wait.seenByRun, nowMs() - wait.since.getTime());
      if (look.isOver) await this.#goOn(wait, look.isThere ? "there" : "look");
      else await this.#note(wait, look.seen);
    }
  }

  /** `look`: there is something for a run to see, or to do. `overdue`: the limit is over, and the next run fails with what is missing. */
  async #goOn(wait: VpsWait, why: "there" | "look" | "overdue"): Promise<void> {
    const { pool, jobs } = this.#options;
    await inTransaction(pool, async (db) => {
      const waited = await queueWait(db, wait);
      if (!waited) return;
      if (why === "there") await noteWaitTime(db, wait.what, waited.seconds);
      await jobs.enqueue(db, { operation: "up", userId: wait.userId, ...(why === "overdue" && { overdue: wait.what }) });
    });
  }

  async #note(wait: VpsWait, seen: string): Promise<void> {
    if (seen !== wait.seen) await noteSeen(this.#options.pool, wait, seen);
  }
}

/** Those that fit, and the others. */
function parted<T>(all: readonly T[], fits: (one: T) => boolean): readonly [T[], T[]] {
  const fitting: T[] = [];
  const others: T[] = [];
  for (const one of all) (fits(one) ? fitting : others).push(one);
  return [fitting, others];
}
