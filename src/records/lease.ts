import { messageOf } from "../../providers/core/errors.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import type { Queryable } from "../db/queryable.ts";

/** So often its holder is heard of. */
export const LEASE_BEAT_MS = 1 * SECOND_MS;

export interface LeaseOptions {
  readonly db: Queryable;
  readonly name: string;
  readonly holder: string;
  /** Whoever was not heard of for so long, dead or frozen, has lost it. */
  readonly silentSeconds: number;
  readonly log: (line: string) => void;
}

/** Work that one of all workers does at a time: it has to be harmless when a frozen one goes on for a moment. */
export class Lease {
  readonly #options: LeaseOptions;
  #beatMs = -Infinity;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /** Whether it is to be asked for, or for the next time. */
  isDue(): boolean {
    return performance.now() - this.#beatMs >= LEASE_BEAT_MS;
  }

  /** Takes it, or keeps it. @returns whether the holder has it */
  async hold(): Promise<boolean> {
    const { db, name, holder, silentSeconds } = this.#options;
    const nowMs = performance.now();
    const isHeld = await holdLease(db, name, holder, silentSeconds);
    if (isHeld) this.#beatMs = nowMs;
    return isHeld;
  }

  /** Another worker need not wait until this one counts as silent. */
  async letGo(): Promise<void> {
    const { db, name, holder, silentSeconds, log } = this.#options;
    await db.query("DELETE FROM vps_leases WHERE name = $1 AND holder = $2", [name, holder])
      .catch((error: unknown) => log(`the lease '${name}' stays for ${silentSeconds} s: ${messageOf(error)}`));
  }
}

/** @returns whether the holder has it: it was the last to have it, or whoever was is silent */
export async function holdLease(db: Queryable, name: string, holder: string, silentSeconds: number): Promise<boolean> {
  const { rows } = await db.query(
    `INSERT INTO vps_leases (name, holder, beat_at) VALUES ($1, $2, clock_timestamp())
     ON CONFLICT (name) DO UPDATE SET holder = EXCLUDED.holder, beat_at = EXCLUDED.beat_at
       WHERE vps_leases.holder = EXCLUDED.holder OR vps_leases.beat_at < clock_timestamp() - make_interval(secs => $3)
     RETURNING name`,
    [name, holder, silentSeconds],
  );
  return rows.length > 0;
}
