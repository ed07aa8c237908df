import { cancelledByOperator } from "./close-run.ts";
import { tryLockSession } from "./session-lock.ts";
import type { SessionLock } from "./session-lock.ts";

/** NOTIFY on it with a user's id asks the run of that user to stop at once; what was asked for stands with the run as well. */
export const CANCEL_CHANNEL = "user_vps_cancel";

export interface UserLock extends SessionLock {
  /** Somebody asked to end the run. */
  readonly cancelled: AbortSignal;
}

/**
 * Takes the lock of a user. It keeps the runs of a user apart however many workers think that the
 * job is theirs.
 *
 * @returns undefined if somebody else has it
 */
export async function tryLockUser(databaseUrl: string, userId: string): Promise<UserLock | undefined> {
  const cancelled = new AbortController();
  const lock = await tryLockSession({
    databaseUrl,
    name: `user-vps:${userId}`,
    of: "the user",
    async onLocked(session) {
      session.on("notification", ({ payload }) => {
        if (payload === userId) cancelled.abort(cancelledByOperator());
      });
      await session.query(`LISTEN ${CANCEL_CHANNEL}`);
    },
  });
  return lock && { ...lock, cancelled: cancelled.signal };
}
