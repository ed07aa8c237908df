/**
 * The records of purchases, kept where every possible buyer sees them: in the Hostinger account
 * itself, each as a post-install script that no VM uses. So they hold for workers on several
 * machines, orphaned provider processes and a plain `pulumi up` with a state of its own alike.
 */
import { UserVpsError } from "../../core/errors.ts";
import { DAY_MS, HOUR_MS, SECOND_MS } from "../../core/time.ts";
import type { CallOptions, PostInstallScript } from "../api/client.ts";
import { undefinedIfNotFound } from "../api/not-found.ts";
import { scriptsBefore } from "../own-writes.ts";
import type { LookingSession, Session } from "../session.ts";
import { dataOf, hostnameOfRecord, lastMovedAtMs, parseRecord, recordContent, recordName } from "./record.ts";
import type { PurchaseData, PurchaseRecord } from "./record.ts";
import { mayHaveBought } from "./states.ts";

/** So many of the newest pages are read in any case: what is open of orders is there, see in-sight.ts. */
export const LEAST_PAGES = 2;
/** 25 000 scripts. */
export const MOST_PAGES = 500;
/** Where nothing else says how far back: a purchase that nobody has looked at for longer is for hPanel. */
const HORIZON_MS = 30 * DAY_MS;
/** So long after its last move somebody may be at work on a record who knows it by its id: a buyer, or a stack that closes it. */
const AT_WORK_MS = HOUR_MS;
/** So many of the newest scripts are in the least pages however few the last page holds; what is behind them is out of sight. */
const IN_SIGHT = 50;
/** What a call has made that was not answered is looked for so long. */
const LOST_ANSWER_MS = 15 * SECOND_MS;
/** A removal that is answered but not done is asked for again so often. */
const MOST_REMOVALS = 3;

export interface RecordsLook {
  /** Of the host name, the oldest first. */
  readonly records: readonly PurchaseRecord[];
  /** All scripts that were read, the newest first. */
  readonly scripts: readonly PostInstallScript[];
}

/** By Hostinger's clock, as its last answer told it. */
export function serverNowMs(session: Pick<Session, "client">): number {
  return Date.now() + session.client.serverTimeOffsetMs;
}

/**
 * The records of a host name. Read is from the newest script back to one that is older than any
 * record that matters: `sinceId`, a script that was there before this stack bought anything.
 * @throws UserVpsError API_LIST_INCOMPLETE, API_*: then nothing may be concluded
 */
export async function readRecords(session: Session, hostname: string, { sinceId, leastPages = LEAST_PAGES }: { readonly sinceId?: number | undefined; readonly leastPages?: number } = {}): Promise<RecordsLook> {
  const horizonMs = serverNowMs(session) - HORIZON_MS;
  const isOldEnough = ({ id, createdAt }: PostInstallScript) => (sinceId === undefined ? Date.parse(createdAt ?? "") < horizonMs : id <= sinceId);
  const scripts = await session.client.scripts.newest({ leastPages, mostPages: MOST_PAGES, isOldEnough }, { signal: session.signal });
  const named: PurchaseRecord[] = [];
  for (const [newer, script] of scripts.entries()) {
    if (script.name !== "" && script.name !== recordName(hostname)) continue;
    const record = await readScript(session, script);
    if (record?.hostname !== hostname) continue;
    const current = newer >= IN_SIGHT && mayBeMoved(session, record) ? ((await moveToFront(session, record)) ?? (await readRecord(session, record.id))) : record;
    if (current) named.push(current);
  }
  return { records: await withoutCopies(session, named), scripts };
}

/**
 * The same for whoever does not look again before anything is done: what was moved to the newest end while the rest of the
 * list was read is among the newest then.
 */
export async function readRecordsTwice(session: Session, hostname: string, sinceId?: number): Promise<readonly PurchaseRecord[]> {
  const { records, scripts } = await readRecords(session, hostname, { sinceId });
  const since = await readRecords(session, hostname, { sinceId: scripts[0]?.id ?? 0, leastPages: 1 });
  const found = new Map([...records, ...since.records].map((record) => [record.id, record]));
  return await withoutCopies(session, [...found.values()]);
}

/**
 * The look from before the stack's own script was made, in this very run: nothing of the host name was among
 * the newest scripts then, and what has come since is read when the intent is written. Undefined: look anew.
 */
export async function lookOfThisRun(session: Session, hostname: string, scriptId: number | undefined): Promise<RecordsLook | undefined> {
  const scripts = scriptsBefore(session, scriptId);
  if (!scripts) return undefined;
  const mayBeOurs = ({ name }: PostInstallScript) => name === "" || name === recordName(hostname);
  return scripts.some(mayBeOurs) ? undefined : { records: [], scripts };
}

/** Of every host name, as far as they were read; without those that have been removed meanwhile. */
export async function parseRecords(session: LookingSession, scripts: readonly PostInstallScript[]): Promise<PurchaseRecord[]> {
  const records: PurchaseRecord[] = [];
  for (const script of scripts) {
    const record = script.name === "" || hostnameOfRecord(script.name) !== undefined ? await readScript(session, script) : undefined;
    if (record) records.push(record);
  }
  return records;
}

/** As it is now; undefined if it is gone. */
export async function readRecord(session: Session, id: number): Promise<PurchaseRecord | undefined> {
  const script = await undefinedIfNotFound(session.client.scripts.get(id, { signal: session.signal }));
  return script && parsed(script);
}

/** Where the answer is lost, the record is looked for: one that nobody knows of would go on saying that its buyer is about to buy. */
export async function createRecord(session: Session, hostname: string, data: Omit<PurchaseData, "version">): Promise<PurchaseRecord> {
  const { client, signal } = session;
  const [name, content] = [recordName(hostname), recordContent(hostname, data, serverNowMs(session))];
  const script = await client.scripts.createOrFind({ name, content }, { signal }, async () => {
    const newest = await client.scripts.newest({ leastPages: 1, mostPages: LEAST_PAGES, isOldEnough: () => true }, { signal, timeoutMs: LOST_ANSWER_MS }).catch(() => []);
    return newest.find((made) => made.name === name && made.content === content);
  });
  return parseRecord({ ...script, name, content });
}

/**
 * Writes the record over. This is the fence: undefined if somebody has taken it away.
 * `writtenAtMs`: when, by the clock that has told when it was made; undefined if it is not told.
 */
export async function writeRecord(session: Session, record: PurchaseRecord, call: CallOptions = { signal: session.signal }): Promise<{ readonly writtenAtMs: number | undefined } | undefined> {
  const content = recordContent(record.hostname, dataOf(record), serverNowMs(session));
  const script = await undefinedIfNotFound(session.client.scripts.update(record.id, { name: recordName(record.hostname), content }, call));
  if (!script) return undefined;
  return { writtenAtMs: script.updatedAt === null ? undefined : Date.parse(script.updatedAt) };
}

/** The same for what must not get lost: a record that was moved meanwhile is written where it is now. Returned as it is then; undefined if it is gone. */
export async function writeWherever(session: Session, record: PurchaseRecord, call: CallOptions): Promise<PurchaseRecord | undefined> {
  const written = await writeRecord(session, record, call);
  if (written) return { ...record, ...written };
  const copy = (await readRecordsTwice(session, record.hostname)).find(({ key }) => key === record.key);
  const there = copy && { ...record, id: copy.id, madeAt: copy.madeAt };
  return there && (await writeRecord(session, there, call)) ? there : undefined;
}

/** A record that is gone already is as wished. One that only says so is asked again, and is an error in the end. */
export async function removeRecord(session: Session, id: number, call: CallOptions = { signal: session.signal }): Promise<void> {
  for (let removal = 0; removal < MOST_REMOVALS; removal++) {
    await undefinedIfNotFound(session.client.scripts.delete(id, call));
    if ((await undefinedIfNotFound(session.client.scripts.get(id, call))) === undefined) return;
  }
  throw new UserVpsError("API_UNAVAILABLE", `Hostinger answers that the purchase record ${id} is removed, but it is still there.`);
}

/** Of one that does no harm if it stays. */
export async function dropRecord(session: Session, id: number): Promise<void> {
  await undefinedIfNotFound(session.client.scripts.delete(id, { signal: session.signal }));
}

/** The list may leave out content and name; then the script itself is asked. */
async function readScript(session: LookingSession, script: PostInstallScript): Promise<PurchaseRecord | undefined> {
  if (script.content !== null && script.name !== "") return parsed(script);
  const whole = await undefinedIfNotFound(session.client.scripts.get(script.id, { signal: session.signal }));
  if (!whole || (whole.name !== "" && hostnameOfRecord(whole.name) === undefined)) return undefined;
  return parsed(whole);
}

function parsed(script: PostInstallScript): PurchaseRecord | undefined {
  if (script.name === "" || script.content === null) {
    throw new UserVpsError("API_LIST_INCOMPLETE", `Post-install script ${script.id} is answered without its ${script.name === "" ? "name" : "content"}, and may be the record of a purchase.`);
  }
  if (hostnameOfRecord(script.name) === undefined) return undefined;
  return parseRecord({ ...script, content: script.content });
}

/** Whether nobody is at work on it any more who knows it by its id. */
export function mayBeMoved(session: Session, record: PurchaseRecord): boolean {
  return record.format === "current" && mayHaveBought(record.state) && serverNowMs(session) - lastMovedAtMs(record) >= AT_WORK_MS;
}

/**
 * Made anew in front; a copy that a crash leaves is found by its key. Whoever holds the id of before finds it gone, and looks anew.
 * Undefined if it was changed or ended meanwhile, or moved by another.
 */
export async function moveToFront(session: Session, record: PurchaseRecord): Promise<PurchaseRecord | undefined> {
  const copy = await createRecord(session, record.hostname, { ...dataOf(record), madeAt: new Date(record.createdAtMs).toISOString() });
  const now = await readRecord(session, record.id);
  const isAsRead = now !== undefined && JSON.stringify(dataOf(now)) === JSON.stringify(dataOf(record));
  await removeRecord(session, isAsRead ? record.id : copy.id);
  return isAsRead ? copy : undefined;
}

/** Of two with the same key the one that is further on stays. */
async function withoutCopies(session: Session, records: readonly PurchaseRecord[]): Promise<PurchaseRecord[]> {
  const kept = new Map<string, PurchaseRecord>();
  for (const record of records.toSorted((a, b) => a.moves.length - b.moves.length || a.id - b.id)) {
    const behind = kept.get(record.key);
    kept.set(record.key, record);
    if (behind) await removeRecord(session, behind.id);
  }
  return [...kept.values()].sort((a, b) => a.id - b.id);
}
