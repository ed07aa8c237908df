/** What is written down of one purchase, and how it is written: versioned data in a script that no VM uses. */
import { z } from "zod";
import { ERROR_CATALOGUE, UserVpsError } from "../../core/errors.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { DAY_MS, SECOND_MS } from "../../core/time.ts";
import type { PostInstallScript } from "../api/client.ts";
import { mayFollow, PURCHASE_STATES } from "./states.ts";
import type { PurchaseState } from "./states.ts";

/** `moves[].at`: RFC 3339, by Hostinger's clock. */
const dataSchema = z.object({
  version: z.literal(2),
  /** The same one when the record is renewed under another id. */
  key: z.string().min(1),
  /** Of a renewed record: when the first one was made. RFC 3339, by Hostinger's clock. */
  madeAt: z.string().optional(),
  owner: z.string().optional(),
  plan: z.string().optional(),
  /** The script with which the VM is set up at first boot, which holds the credentials. */
  postInstallScriptId: z.number().optional(),
  /** How long an `intended` may be followed by its call, from the record's making on. */
  intentMs: z.number().positive(),
  /** VMs that were there before the call, and that nobody has named. */
  vmIdsBefore: z.array(z.number()).optional(),
  state: z.enum(PURCHASE_STATES),
  moves: z.array(z.object({ state: z.enum(PURCHASE_STATES), at: z.string() })),
  orderId: z.string().optional(),
  subscriptionId: z.string().optional(),
  vmId: z.number().int().positive().optional(),
  /** Why it is uncertain, refused or closed, for people. */
  reason: z.string().optional(),
  /** The answer to a purchase that is `refused`: what its run ends with if nothing was bought. And what showed beside it, which has to turn out to be another's. */
  refusal: z.object({
    code: z.enum(Object.keys(ERROR_CATALOGUE) as ErrorCode[]), said: z.string(), status: z.number().optional(),
    vmIds: z.array(z.number()).default([]), subscriptionIds: z.array(z.string()).default([]),
  }).optional(),
  /** By whom it was decided where nothing could be known. */
  decision: z.object({ kind: z.enum(["vm", "buy-again", "give-up"]), who: z.string(), why: z.string(), at: z.string() }).optional(),
  /** It follows one that was closed without evidence; the policy does that once. */
  boughtAgain: z.boolean().optional(),
});

export type PurchaseData = z.output<typeof dataSchema>;

/** What of the account's lists may be a purchase's. */
export interface Showing {
  readonly vmIds: readonly number[];
  readonly subscriptionIds: readonly string[];
}

export interface PurchaseRecord extends Omit<PurchaseData, "version"> {
  /** Of the script in the Hostinger account. Ids are given out in order. */
  readonly id: number;
  readonly hostname: string;
  /** `0.1.0`: a mark of that version, in force for its life; `unreadable`: in force for the longest life. */
  readonly format: "current" | "0.1.0" | "unreadable";
  /** By Hostinger's clock, in ms; what was bought is not older. */
  readonly createdAtMs: number;
  /** When it was written last, by the same clock; not told of one that was made anew, whose moves are older. */
  readonly writtenAtMs?: number | undefined;
  /** Of an old or unreadable mark: from then on it is no reason not to buy. */
  readonly endsAtMs: number | undefined;
}

/** The name that 0.1.0 gave its marks: a worker of that version that still runs respects these as well. */
const NAME_PREFIX = "user-vps purchase mark ";

/** 0.1.0 prolonged a mark to a day at most. */
export const LONGEST_OLD_LIFE_MS = DAY_MS;
/** For workers of 0.1.0: they know no other end of a mark than its life. */
const LIFE_FOR_OLD_WORKERS_MS = 3_650 * DAY_MS;
/** An `intended` is taken away this long after its deadline: `created_at` and `Date` are told in whole seconds. */
const CLOCK_MARGIN_MS = 2 * SECOND_MS;

export function recordName(hostname: string): string {
  return NAME_PREFIX + hostname;
}

/** The host name of a purchase's record; undefined for any other script. */
export function hostnameOfRecord(scriptName: string): string | undefined {
  return scriptName.startsWith(NAME_PREFIX) ? scriptName.slice(NAME_PREFIX.length) : undefined;
}

export function recordContent(hostname: string, data: Omit<PurchaseData, "version">, nowMs: number): string {
  return [
    "#!/bin/sh",
    `# user-vps buys, or has bought, a VM for ${hostname}. Not for running. It goes by itself; never remove it by hand:`,
    "# it is what keeps others from buying a second one. What to do about it: `user-vps resolve`, docs/runbook.md.",
    `# at=${nowMs} lifeMs=${LIFE_FOR_OLD_WORKERS_MS}`,
    `# purchase=${JSON.stringify({ version: 2, ...withoutUndefined(data) })}`,
    "",
  ].join("\n");
}

/** What cannot be read counts as in force, for the longest life. Content must be there: see account.ts. */
export function parseRecord(script: PostInstallScript & { readonly content: string }): PurchaseRecord {
  const hostname = hostnameOfRecord(script.name) ?? "";
  const written = (field: string) => Number(new RegExp(`\\b${field}=(\\d+)`).exec(script.content)?.[1] ?? Number.NaN);
  const told = Date.parse(script.createdAt ?? "");
  const at = written("at");
  const madeAtMs = Number.isNaN(told) ? (Number.isNaN(at) ? 0 : at) : told;
  const line = /^# purchase=(.*)$/m.exec(script.content)?.[1];
  const data = line === undefined ? undefined : dataSchema.safeParse(jsonOf(line)).data;
  const isAnew = data?.madeAt !== undefined;
  const createdAtMs = isAnew ? Date.parse(data.madeAt!) : madeAtMs;
  const writtenAtMs = isAnew || script.updatedAt === null ? undefined : Date.parse(script.updatedAt);
  if (data) return { id: script.id, hostname, format: "current", createdAtMs, writtenAtMs, endsAtMs: undefined, ...data };
  const lifeMs = written("lifeMs");
  // Written by this program or a later one, and yet not to be read: nothing but a person ends it.
  const isOurs = line !== undefined;
  const isOld = !isOurs && !Number.isNaN(lifeMs) && madeAtMs > 0;
  const endsAtMs = isOurs || madeAtMs === 0 ? undefined : madeAtMs + (isOld ? Math.min(lifeMs, LONGEST_OLD_LIFE_MS) : LONGEST_OLD_LIFE_MS);
  return { id: script.id, hostname, format: isOld ? "0.1.0" : "unreadable", createdAtMs, endsAtMs, key: `script-${script.id}`, intentMs: 1, state: "uncertain", moves: [] };
}

/** The record in its next state. An edge that is not in the drawing is a mistake in the program. */
export function moved(record: PurchaseRecord, to: PurchaseState, atMs: number, known: Partial<Pick<PurchaseData, "orderId" | "subscriptionId" | "vmId" | "vmIdsBefore" | "reason" | "refusal" | "decision">> = {}): PurchaseRecord {
  if (!mayFollow(record.state, to)) throw new Error(`A purchase that is ${record.state} cannot become ${to}.`);
  return { ...record, ...withoutUndefined(known), state: to, moves: [...record.moves, { state: to, at: new Date(atMs).toISOString() }] };
}

export function dataOf(record: PurchaseRecord): Omit<PurchaseData, "version"> {
  const { id: _id, hostname: _hostname, format: _format, createdAtMs: _createdAtMs, writtenAtMs: _writtenAtMs, endsAtMs: _endsAtMs, ...data } = record;
  return data;
}

/** From then on others may take an `intended` away, by Hostinger's clock. */
export function takenAwayFromMs(record: PurchaseRecord): number {
  return record.createdAtMs + record.intentMs + CLOCK_MARGIN_MS;
}

/** From then on whoever is no buyer may take it away: by the clock of `created_at`, and by that of `Date`, which tells its moves. */
export function withdrawnFromMs(record: PurchaseRecord): number {
  return Math.max(takenAwayFromMs(record), takenAwayFromMs({ ...record, createdAtMs: lastMovedAtMs(record) }));
}

/** When it was sent, as far as that is known; else when its record was made. */
export function sentAtMs(record: PurchaseRecord): number {
  return cameToAtMs(record, "sent");
}

/** When it came to the state that it has. */
export function lastMovedAtMs(record: PurchaseRecord): number {
  return record.moves.length === 0 ? record.createdAtMs : cameToAtMs(record, record.state);
}

/** When its VM was known first. */
export function seenAtMs(record: PurchaseRecord): number {
  return cameToAtMs(record, "seen");
}

function cameToAtMs({ moves, createdAtMs }: PurchaseRecord, to: PurchaseState): number {
  const at = Date.parse(moves.find(({ state }) => state === to)?.at ?? "");
  return Number.isNaN(at) ? createdAtMs : at;
}

/** As it is written down, for the run that finds out that nothing was bought. */
export function refusalOf({ code, bareMessage, status }: UserVpsError, { vmIds, subscriptionIds }: Showing): NonNullable<PurchaseData["refusal"]> {
  return { code, said: bareMessage, status, vmIds: [...vmIds], subscriptionIds: [...subscriptionIds] };
}

/** Of another backend, or another stack, that uses the account as well. */
export function isAnothers(record: PurchaseRecord, owner: string | undefined): boolean {
  return record.owner !== undefined && owner !== undefined && record.owner !== owner;
}

export function errorOfRefusal({ code, said, status }: NonNullable<PurchaseData["refusal"]>): UserVpsError {
  return new UserVpsError(code, said, { ...(status !== undefined && { status }) });
}

/** From then on a doubt without evidence is one for a person. */
export function doubtEndsAtMs(record: PurchaseRecord, settleMs: number): number {
  return sentAtMs(record) + settleMs;
}

/** A mark of 0.1.0 that is over: by its rules nothing of its purchase can show any more. */
export function isOver(record: PurchaseRecord, nowMs: number): boolean {
  return record.endsAtMs !== undefined && nowMs >= record.endsAtMs;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function withoutUndefined<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
