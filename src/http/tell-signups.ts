import type { Pool } from "pg";
import { messageOf } from "../../providers/core/errors.ts";
import { WAKE_CHANNEL } from "../jobs/index.ts";
import { CHANGES_CHANNEL } from "./change-feed.ts";

/** For a signup's transaction: what it writes is told of after it, see src/db/migrations/260_told_later.sql. */
export const TOLD_LATER = "SET LOCAL user_vps.told_later TO 'on'";

const TELL = "SELECT pg_notify(channel, payload) FROM unnest($1::text[], $2::text[]) AS told (channel, payload)";

/**
 * Tells workers and pages of signups that are committed: those of a moment by one statement. What is lost with
 * this process is found by the workers' next look; after an outage of the database all who listen look anew.
 */
export class SignupsTold {
  readonly #pool: Pool;
  readonly #log: (line: string) => void;
  #waiting: string[] = [];
  #isTelling = false;

  constructor(pool: Pool, log: (line: string) => void) {
    this.#pool = pool;
    this.#log = log;
  }

  /** @param userIds all whose records the signup has changed: the user's, and that of the pool's member that it took */
  of(...userIds: readonly string[]): void {
    this.#waiting.push(...userIds);
    if (!this.#isTelling) void this.#tell();
  }

  async #tell(): Promise<void> {
    this.#isTelling = true;
    while (this.#waiting.length > 0) {
      const users = this.#waiting;
      this.#waiting = [];
      const channels = [WAKE_CHANNEL, ...users.map(() => CHANGES_CHANNEL)];
      await this.#pool.query(TELL, [channels, ["", ...users]]).catch((error: unknown) => this.#log(`signups could not be told of: ${messageOf(error)}`));
    }
    this.#isTelling = false;
  }
}
