/** A user's stack as it is declared by now, whoever asks: `up`, a preview, a roll-out. */
import { releaseSettings } from "../../stacks/release.ts";
import type { Settings } from "../config/index.ts";
import type { Queryable } from "../db/queryable.ts";
import type { VpsRecord } from "../records/index.ts";
import { findReleaseOfUser } from "../records/index.ts";
import type { StackRequest } from "./engine.ts";
import { stackRequestOf } from "./stack-request.ts";

/** With what was last released to it. Whoever brings another release starts from `stackRequestOf`: that takes the place of the last one as a whole. */
export async function declaredStack(db: Queryable, record: VpsRecord, settings: Settings): Promise<StackRequest> {
  const stack = stackRequestOf(record, settings);
  const release = await findReleaseOfUser(db, record.userId);
  return release ? { ...stack, config: { ...stack.config, ...releaseSettings(release) } } : stack;
}
