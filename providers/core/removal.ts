import { UserVpsError } from "./errors.ts";
import { inSeconds, SECOND_MS, sleep } from "./time.ts";

export interface Removal {
  /** For messages: `Post-install script 42`. */
  readonly what: string;
  /** What is gone already is as wished. */
  readonly remove: () => Promise<unknown>;
  readonly isThere: () => Promise<boolean>;
  readonly signal?: AbortSignal | undefined;
}

const MOST_REMOVALS = 3;
/** A removal may take a moment: looked at once, and after each of these. */
const LOOKS_AFTER_MS = [0.2 * SECOND_MS, 1 * SECOND_MS];

/** Removes, and looks whether it is gone: an API may say yes and do nothing. Errors: API_WITHOUT_EFFECT, and those of the calls. */
export async function removeForSure({ what, remove, isThere, signal }: Removal): Promise<void> {
  for (let removal = 1; removal <= MOST_REMOVALS; removal++) {
    await remove();
    if (!(await isThere())) return;
    for (const waitMs of LOOKS_AFTER_MS) {
      await sleep(waitMs, signal);
      if (!(await isThere())) return;
    }
  }
  const lookedMs = LOOKS_AFTER_MS.reduce((sum, waitMs) => sum + waitMs);
  throw new UserVpsError("API_WITHOUT_EFFECT", `${what} is still there ${inSeconds(lookedMs)} after the last of ${MOST_REMOVALS} removals, each of which was answered with success.`);
}
