/** A user's stack as it is declared by now, whoever asks: `up`, a preview, a roll-out. */
import { releaseSettings } from "../../stacks/release.ts";
import type { Settings } from "../config/index.ts";
import type { Queryable } from "../db/queryable.ts";
import { claimedSpareVm } from "../records/index.ts";
import type { VpsRecord } from "../records/index.ts";
import { findReleaseOfUser } from "../releases/records/index.ts";
import type { StackRequest } from "./engine.ts";
import { stackRequestOf } from "./stack-request.ts";

/** With the wiped VM that it has taken over, and with what was last released to it. */
export async function declaredStack(db: Queryable, record: VpsRecord, settings: Settings): Promise<StackRequest> {
  const stack = await stackWithoutRelease(db, record, settings);
  const release = await findReleaseOfUser(db, record.userId);
  return release ? { ...stack, config: { ...stack.config, ...releaseSettings(release) } } : stack;
}

/** For whoever brings another release: it takes the place of the last one as a whole. */
export async function stackWithoutRelease(db: Queryable, record: VpsRecord, settings: Settings): Promise<StackRequest> {
  const spare = await claimedSpareVm(db, record);
  // One that was given up for another since is not to be taken over again.
  const isInUse = record.hostingerVmId === null || record.hostingerVmId === spare?.vmId;
  return stackRequestOf(record, settings, isInUse ? spare?.vmId : undefined);
}
