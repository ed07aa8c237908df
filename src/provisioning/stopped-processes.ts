import { SECOND_MS } from "../../providers/core/time.ts";
import { processStat } from "../../providers/core/process-stat.ts";
import { findTagged } from "./process-tags.ts";
import type { ProcessTags } from "./process-tags.ts";

const LOOK_INTERVAL_MS = 5 * SECOND_MS;
/** Looks in a row that find the same process stopped: somebody may stop one for a moment, to look at it. */
const MOST_LOOKS = 6;
export const STOPPED_LIMIT_MS = LOOK_INTERVAL_MS * MOST_LOOKS;

/**
 * Looks, while a run goes on, for processes of it that are stopped (SIGSTOP): they do nothing, and hold the stack until
 * the run's limit. One that is only slow, or held by a debugger, is not. Where there is no /proc, none is found.
 *
 * @param onStopped called once, after STOPPED_LIMIT_MS
 * @returns ends the looking
 */
export function watchForStopped(tags: ProcessTags, onStopped: (pid: number) => void): () => void {
  const looks = new Map<number, number>();
  const look = async () => {
    const stopped = (await processesOf(tags)).filter(isStopped);
    for (const pid of looks.keys()) if (!stopped.includes(pid)) looks.delete(pid);
    for (const pid of stopped) looks.set(pid, (looks.get(pid) ?? 0) + 1);
    const [first] = [...looks].find(([, count]) => count >= MOST_LOOKS) ?? [];
    if (first === undefined) return;
    end();
    onStopped(first);
  };
  // A look that fails says nothing; the next one may.
  const timer = setInterval(() => void look().catch(() => undefined), LOOK_INTERVAL_MS).unref();
  const end = () => clearInterval(timer);
  return end;
}

/** A warm process that serves the run is not tagged with the run itself; all others carry its tag as well. */
function processesOf({ run, slot }: ProcessTags): Promise<number[]> {
  return slot === undefined ? findTagged("run", run) : findTagged("slot", slot);
}

function isStopped(pid: number): boolean {
  try {
    return processStat(pid).state === "T";
  } catch {
    return false;
  }
}
