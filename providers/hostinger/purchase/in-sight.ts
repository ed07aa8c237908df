/**
 * What is open of purchases stays among the newest scripts, which everybody reads: a stack that is made anew, by another
 * backend or after a restore, has nothing that tells it how far back to look. So whoever makes a script, before which
 * these are read anyhow, moves the records of all host names that are left behind to the newest end.
 */
import { UserVpsError } from "../../core/errors.ts";
import type { PostInstallScript } from "../api/client.ts";
import { noteNewestScripts } from "../own-writes.ts";
import type { Session } from "../session.ts";
import { isLeftBehind, LEAST_PAGES, moveToFront, parseRecords, RENEWED_BEHIND } from "./account.ts";
import { hostnameOfRecord } from "./record.ts";

/** Of one reader: the next one goes on, and none takes long. */
const MOST_MOVED = 5;

/** As many of the newest scripts as are read in any case; kept for the look of a purchase in the same run. */
export async function readNewestScripts(session: Session): Promise<readonly PostInstallScript[]> {
  const scripts = await session.client.scripts.newest({ leastPages: LEAST_PAGES, mostPages: LEAST_PAGES + 1, isOldEnough: () => true }, { signal: session.signal });
  await keepInSight(session, scripts).catch((error: unknown) => {
    if (!(error instanceof UserVpsError)) throw error;
    session.report(`records of purchases could not be moved to the newest scripts: ${error.bareMessage}`);
  });
  noteNewestScripts(session, scripts);
  return scripts;
}

/**
 * The furthest behind first. One that is `seen` stays where it is: its VM shows by itself, and its stack closes the record by
 * its id.
 */
async function keepInSight(session: Session, scripts: readonly PostInstallScript[]): Promise<void> {
  let asked = 0;
  for (const [newer, script] of [...scripts.entries()].slice(RENEWED_BEHIND).reverse()) {
    if (hostnameOfRecord(script.name) === undefined) continue;
    if (script.content === null && asked++ >= MOST_MOVED) return;
    const [record] = await parseRecords(session, [script]);
    if (!record || record.state === "seen" || !isLeftBehind(session, record, newer)) continue;
    if (asked++ >= MOST_MOVED) return;
    await moveToFront(session, record);
  }
}
