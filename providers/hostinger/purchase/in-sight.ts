/**
 * What is open of purchases stays among the newest scripts, which everybody reads: a stack that is made anew, by another
 * backend or after a restore, has nothing that tells it how far back to look. So whoever makes a script, before which
 * these are read anyhow, moves the records of all host names that are left behind to the newest end.
 */
import { UserVpsError } from "../../core/errors.ts";
import type { PostInstallScript } from "../api/client.ts";
import { noteNewestScripts } from "../own-writes.ts";
import type { Session } from "../session.ts";
import { LEAST_PAGES, mayBeMoved, moveToFront, parseRecords } from "./account.ts";
import { hostnameOfRecord } from "./record.ts";
import type { PurchaseRecord } from "./record.ts";

/**
 * Behind so many newer scripts a record is left behind: half of what the least pages hold at least. Other open ones do not
 * count: to be moved before them gains nothing, and they would be moved in their turn, for ever.
 */
const LEFT_BEHIND = 25;
/** Of one reader: the next one goes on. */
const MOST_MOVED = 2;
/** Where the list leaves out what they say. */
const MOST_ASKED = 5;

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
  const open = new Map<PostInstallScript, PurchaseRecord>();
  let asked = 0;
  for (const [newer, script] of [...scripts.entries()].reverse()) {
    if (hostnameOfRecord(script.name) === undefined || (script.content === null && (newer < LEFT_BEHIND || asked++ >= MOST_ASKED))) continue;
    const [record] = await parseRecords(session, [script]);
    if (record && record.state !== "seen" && mayBeMoved(session, record)) open.set(script, record);
  }
  let newerOthers = 0;
  const behind: PurchaseRecord[] = [];
  for (const script of scripts) {
    const record = open.get(script);
    if (!record) newerOthers++;
    else if (newerOthers >= LEFT_BEHIND) behind.push(record);
  }
  for (const record of behind.toReversed().slice(0, MOST_MOVED)) await moveToFront(session, record);
}
