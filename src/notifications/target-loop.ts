/**
 * Delivers to one target, apart from all others: one worker at a time, by a lease. Each message has its own growing
 * pause; after several failures in a row it is the target that has one, and it is tried by one message at a time until
 * it takes something again.
 */
import type { Pool } from "pg";
import { messageOf } from "../../providers/core/errors.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS, sleep } from "../../providers/core/time.ts";
import type { NotificationTarget } from "../config/index.ts";
import { Lease, LEASE_BEAT_MS } from "../records/index.ts";
import { claimMessages, markDelivered, markFailed, unclaim } from "./messages.ts";
import type { NotificationMessage } from "./messages.ts";
import type { Sender, SendOutcome } from "./sender.ts";
import { noteFailure, noteSuccess, OUTAGE_FAILURES, pauseTarget, readPace } from "./targets.ts";

const TURN_MS = SECOND_MS / 4;
const TROUBLED_MS = 2 * SECOND_MS;
const LEASE_SILENT_SECONDS = 4;
/** A message, and perhaps a test after it. */
const MOST_SENDS_A_TRY = 2;
/** By which a claim outlives a try. */
const CLAIM_MARGIN_SECONDS = 10;
/** Of a message that is not taken for what it holds; by then it was no slip. */
const MOST_TRIES_UNFIT = 5;
/** At once to a program; people get one after the other. */
const AT_ONCE = 4;

/** Growing pauses: the first, then twice as long each time. */
export interface Pauses {
  readonly firstMs: number;
  readonly longestMs: number;
}
export interface DeliveryPauses {
  /** Of a message. */
  readonly message: Pauses;
  /** Of a target that does not take anything. */
  readonly target: Pauses;
}
export const DELIVERY_PAUSES: DeliveryPauses = {
  message: { firstMs: 5 * SECOND_MS, longestMs: HOUR_MS },
  target: { firstMs: 5 * SECOND_MS, longestMs: 5 * MINUTE_MS },
};

export interface TargetLoopOptions {
  readonly pool: Pool;
  readonly target: NotificationTarget;
  readonly sender: Sender;
  readonly workerId: string;
  readonly limitMs: number;
  readonly giveUpHours: number;
  readonly pauses: DeliveryPauses;
  readonly log: (line: string) => void;
}

export interface TargetLoop {
  /** What is being sent is broken off, and sent again by another worker. */
  stop(): Promise<void>;
}

export function startTargetLoop(options: TargetLoopOptions): TargetLoop {
  const { pool, target, workerId, sender, log } = options;
  const stopping = new AbortController();
  const lease = new Lease({ db: pool, name: `notifications ${target.name}`, holder: workerId, silentSeconds: LEASE_SILENT_SECONDS, log });
  const running = run(options, lease, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await running;
      await lease.letGo();
      await sender.close();
    },
  };
}

async function run(options: TargetLoopOptions, lease: Lease, signal: AbortSignal): Promise<void> {
  const { pool, target: { name, format }, limitMs, log } = options;
  const sending = new Set<Promise<void>>();
  let isTroubled = false;

  /** @returns whether there may be more to do at once */
  async function turn(): Promise<boolean> {
    if (lease.isDue() && !(await lease.hold())) return (await sleep(LEASE_BEAT_MS, signal), false);
    const { failures, rests } = await readPace(pool, name);
    if (rests) return false;
    const isOut = failures >= OUTAGE_FAILURES;
    const most = (format === "webhook" && !isOut ? AT_ONCE : 1) - sending.size;
    if (most <= 0) return false;
    const claimed = await claimMessages(pool, { target: name, most, claimSeconds: (MOST_SENDS_A_TRY * limitMs) / SECOND_MS + CLAIM_MARGIN_SECONDS, atOnce: isOut });
    for (const message of claimed) {
      const one: Promise<void> = deliver(options, message, signal).catch((error: unknown) => log(`notifications ${name}: what became of ${message.messageId} cannot be written down: ${messageOf(error)}`)).finally(() => sending.delete(one));
      sending.add(one);
    }
    if (claimed.length > 0) await Promise.race([...sending, sleep(TURN_MS, signal)]);
    return claimed.length > 0;
  }

  while (!signal.aborted) {
    let pauseMs = TURN_MS;
    try {
      if (await turn()) pauseMs = 0;
      isTroubled = false;
    } catch (error) {
      if (signal.aborted) break;
      if (!isTroubled) log(`notifications ${name}: ${messageOf(error)}`);
      isTroubled = true;
      pauseMs = TROUBLED_MS;
    }
    await sleep(pauseMs, signal).catch(() => undefined);
  }
  await Promise.allSettled(sending);
}

async function deliver({ pool, target: { name }, sender, giveUpHours, pauses, log }: TargetLoopOptions, message: NotificationMessage, signal: AbortSignal): Promise<void> {
  let outcome: SendOutcome;
  try {
    outcome = await tryOnce(sender, message, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    return await unclaim(pool, message);
  }
  if (outcome.kind === "delivered") {
    await markDelivered(pool, message.notificationId);
    return await noteSuccess(pool, name);
  }
  const { error } = outcome;
  log(`notifications ${name}: ${message.messageId}, try ${message.attempts}: ${error}`);
  await markFailed(pool, message, error, pauseMs(pauses.message, message.attempts) / SECOND_MS, outcome.kind === "unfit" ? 0 : giveUpHours);
  if (outcome.kind === "refused" || outcome.kind === "unfit") return await noteSuccess(pool, name);
  if (outcome.kind === "gone") return await pauseTarget(pool, name, error);
  const { retryAfterSeconds = 0 } = outcome;
  await noteFailure(pool, name, error, (failures) => Math.max(retryAfterSeconds, failures < OUTAGE_FAILURES ? 0 : pauseMs(pauses.target, failures - OUTAGE_FAILURES + 1) / SECOND_MS));
}

/** Unfit is only what is refused by a target that takes something else: one that is broken may answer everything so. */
async function tryOnce(sender: Sender, message: NotificationMessage, signal: AbortSignal): Promise<SendOutcome> {
  const outcome = await sender.send(message, signal);
  if (outcome.kind !== "unfit") return outcome;
  if (message.attempts < MOST_TRIES_UNFIT) return { kind: "failed", error: outcome.error };
  const ofTest = await sender.send(testInPlaceOf(message), signal);
  if (ofTest.kind === "delivered") return outcome;
  return ofTest.kind === "unfit" ? { kind: "failed", error: ofTest.error } : ofTest;
}

function testInPlaceOf({ messageId, ordering }: NotificationMessage): Parameters<Sender["send"]>[0] {
  const data = { requestedBy: "user-vps", reason: "a message was not taken here, and is given up if this is; `user-vps notification list` has it" };
  return { messageId: `${messageId}-test`, ordering, events: [{ type: "test", at: new Date().toISOString(), username: null, data }] };
}

/** Between 80 and 100 % of the pause, so that not all come back at once. */
export function pauseMs({ firstMs, longestMs }: Pauses, tries: number): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(tries - 1, 30)) * (0.8 + 0.2 * Math.random());
}
