/** One attempt to buy: an intent, its turn among all buyers, `sent`, and the call. obtain.ts has the drawing. */
import { randomUUID } from "node:crypto";
import { UserVpsError } from "../../core/errors.ts";
import { startStopwatch } from "../../core/stopwatch.ts";
import { inSeconds } from "../../core/time.ts";
import type { VmList } from "../api/client.ts";
import { isHostingersOwn } from "../hostinger-hostname.ts";
import { purchaseRequest } from "../purchase-request.ts";
import type { Session } from "../session.ts";
import type { VirtualMachineInputs } from "../virtual-machine-args.ts";
import { createRecord, readRecord, readRecords, removeRecord, serverNowMs, writeRecord } from "./account.ts";
import type { RecordsLook } from "./account.ts";
import { afterCall, newOnly, TIDY_UP } from "./after-call.ts";
import { POLICY } from "./follow.ts";
import type { Obtained } from "./follow.ts";
import { namesakeOf, refuseNamesakes } from "./namesakes.ts";
import { moved, takenAwayFromMs } from "./record.ts";
import type { PurchaseData, PurchaseRecord } from "./record.ts";
import { mayHaveBought } from "./states.ts";
import { Wait } from "./wait.ts";

/** A record of one's own, which is good for some time and may be taken away then. */
interface Intent {
  readonly mine: PurchaseRecord;
  /** By the clocks of this machine. */
  readonly isTooLate: () => boolean;
  /** By Hostinger's as well: on a machine that was paused from outside, no other has run on. */
  readonly isTooLateThere: (writtenAtMs: number | undefined) => boolean;
}

interface Sent {
  readonly record: PurchaseRecord;
  /** The VMs that were there before the call. */
  readonly before: VmList;
}

/** Undefined: nothing was sent, and the look around has to be done anew. "takenAway": so it is, and its own record was gone. */
export async function attempt(session: Session, inputs: VirtualMachineInputs, look: RecordsLook): Promise<Obtained | "takenAway" | undefined> {
  const intent = await intend(session, inputs, look);
  const sent = await untilSent(session, inputs, look, intent).catch(async (error: unknown) => {
    // Nothing was sent, and nobody shall think so.
    await removeRecord(session, intent.mine.id, TIDY_UP).catch(() => undefined);
    throw error;
  });
  if (!sent || sent === "takenAway") return sent;
  session.report(`${inputs.hostname}: buying ${inputs.plan} in data center ${inputs.dataCenterId}`);
  // Without the session's signal: a purchase in flight is better finished than cut off.
  const outcome = await session.client.virtualMachines.purchase(purchaseRequest(inputs), { timeoutMs: session.settings.purchaseTimeoutMs, mayBegin: () => !intent.isTooLate() });
  return await afterCall(session, inputs, sent.record, newOnly(outcome, sent.before), look.records);
}

async function intend(session: Session, inputs: VirtualMachineInputs, look: RecordsLook): Promise<Intent> {
  const intentMs = session.settings.purchaseIntentMs;
  const sinceMs = startStopwatch();
  const mine = await createRecord(session, inputs.hostname, intended(session, inputs, look.records));
  const dateAtFirst = serverNowMs(session);
  return {
    mine,
    isTooLate: () => sinceMs() >= intentMs,
    isTooLateThere: (writtenAtMs = 0) => writtenAtMs - mine.createdAtMs > intentMs || serverNowMs(session) - dateAtFirst > intentMs,
  };
}

function intended(session: Session, inputs: VirtualMachineInputs, earlier: readonly PurchaseRecord[]): Omit<PurchaseData, "version"> {
  return {
    key: randomUUID(),
    owner: inputs.owner,
    plan: inputs.plan,
    postInstallScriptId: inputs.postInstallScriptId,
    intentMs: session.settings.purchaseIntentMs,
    state: "intended",
    moves: [{ state: "intended", at: new Date(serverNowMs(session)).toISOString() }],
    // The policy buys again once, however often it comes to that.
    ...(earlier.some(({ boughtAgain, decision }) => boughtAgain === true || decision?.who === POLICY) && { boughtAgain: true }),
  };
}

/** The intent is removed unless it was sent. */
async function untilSent(session: Session, inputs: VirtualMachineInputs, look: RecordsLook, intent: Intent): Promise<Sent | "takenAway" | undefined> {
  const { mine } = intent;
  const rival = await firstRival(session, mine, look);
  const sent = rival === undefined ? await send(session, inputs, intent) : rival === "gone" ? "takenAway" : undefined;
  if (sent && sent !== "takenAway") return sent;
  await removeRecord(session, mine.id);
  if (rival && rival !== "gone") await waitFor(session, rival);
  return sent;
}

/** `sent` is written over one's own record, which others may have taken away. Undefined: it is too late, or a VM of the host name shows. */
async function send(session: Session, inputs: VirtualMachineInputs, { mine, isTooLate, isTooLateThere }: Intent): Promise<Sent | "takenAway" | undefined> {
  const before = await session.client.virtualMachines.listEntries({ signal: session.signal });
  // Whose a VM is that was not there at first, the next look around tells: it has a record now, or is refused.
  if (namesakeOf(inputs, before)) return undefined;
  refuseNamesakes(session, inputs, before);
  const record = moved(mine, "sent", serverNowMs(session), { vmIdsBefore: unnamedOf(before) });
  if (isTooLate()) return undefined;
  const written = await writeRecord(session, record);
  const confirmed = written && (await readRecord(session, mine.id));
  if (!confirmed) return "takenAway";
  const isOurs = confirmed.state === "sent" && confirmed.key === mine.key;
  return isOurs && !isTooLateThere(written.writtenAtMs) && !isTooLate() ? { record, before } : undefined;
}

/** Who has a name cannot be taken for what was bought; and the fleet may be large. Undefined: there is none. */
function unnamedOf({ vms, odd }: VmList): number[] | undefined {
  const ids = [...vms, ...odd].flatMap(({ id, hostname }) => (id !== null && isHostingersOwn(hostname ?? "") ? [id] : []));
  return ids.length === 0 ? undefined : ids;
}

/** Whose turn it is before ours; "gone": ours has been taken away. Who is past the deadline is taken away: its own write finds that out. */
async function firstRival(session: Session, mine: PurchaseRecord, look: RecordsLook): Promise<PurchaseRecord | "gone" | undefined> {
  const since = await readRecords(session, mine.hostname, { sinceId: look.scripts[0]?.id ?? 0, leastPages: 1 });
  if (!since.records.some(({ id }) => id === mine.id)) {
    if (!(await readRecord(session, mine.id))) return "gone";
    throw new UserVpsError("API_LIST_INCOMPLETE", `The list of post-install scripts does not show ${mine.id}, which was just made: it may not show others' either.`);
  }
  const rivals = new Map([...look.records, ...since.records].map((record) => [record.id, record]));
  rivals.delete(mine.id);
  for (const seen of rivals.values()) {
    if (seen.state === "closed" || (seen.state === "intended" && seen.id > mine.id)) continue;
    const rival = await readRecord(session, seen.id);
    if (!rival || rival.state === "closed") continue;
    // One clock has told both times.
    if (mayHaveBought(rival.state) || mine.createdAtMs < takenAwayFromMs(rival)) return rival;
    session.report(`${mine.hostname}: an intent to buy that was never followed by its purchase is taken away`);
    await removeRecord(session, rival.id);
  }
  return undefined;
}

/** Until it has moved on, or its deadline is over. */
async function waitFor(session: Session, rival: PurchaseRecord): Promise<void> {
  const wait = new Wait(session);
  const longestMs = takenAwayFromMs(rival) - rival.createdAtMs;
  while (wait.waitedMs < longestMs) {
    await wait.untilNextLook(`${rival.hostname}: somebody else is about to buy its VM; waiting for up to ${inSeconds(longestMs)}`);
    const now = await readRecord(session, rival.id);
    if (now?.state !== "intended") return;
  }
}
