/** A record as HTTP shows it: to its user, and with more to operators. */
import { z } from "zod";
import { DATA_CENTERS } from "../../providers/hostinger/api/specification.ts";
import { ERROR_CATALOGUE } from "../../providers/core/errors.ts";
import { OTHERS_FIRST, type WaitingKind } from "../purchases/index.ts";
import type { Queryable } from "../db/queryable.ts";
import { whatHappened } from "./what-happened.ts";
import { estimateReadyAt, findQueuePlace, NO_PROGRESS, PHASES, readProgress, VPS_STATUSES, type FleetPace, type PhaseTime, type Progress, type VpsRecord } from "../records/index.ts";

const time = z.iso.datetime();

export const PHASE_VIEW = z.object({
  phase: z.enum(PHASES),
  startedAt: time,
  endedAt: time.nullable(),
  seconds: z.number().nonnegative().describe("So far, if it has not ended."),
}).meta({ id: "Phase" });

export const VPS_VIEW = z.object({
  username: z.string(),
  hostname: z.string(),
  status: z.enum(VPS_STATUSES),
  phase: z.enum(PHASES).nullable().describe("What is being worked on."),
  waitingFor: z.string().nullable().describe("What the phase waits for."),
  waiting: z.object({
    kind: z.string().describe("What is waited for without any work going on: `purchases_per_day`, `payment` and others."),
    since: time.nullable(),
    usualSeconds: z.number().nonnegative().nullable().describe("How long that took others, in the median, from `since` on."),
    place: z.int().nullable().describe("Among those who wait for their turn, from 1."),
  }).nullable(),
  queue: z.object({ position: z.int().min(1).describe("1: next."), total: z.int().min(1) }).nullable().describe("The place among those who wait for a worker, or for their turn to be bought a VPS; null: nobody stands before the user."),
  estimatedReadyAt: time.nullable().describe("When it is usually ready, by what it took others; over: it takes longer than usual. Null: it is not on its way, waits for more than time, or no other one has been made yet."),
  failure: z.object({ code: z.string().nullable(), reason: z.string(), next: z.string().nullable().describe("What happens next, or what an operator does.") }).nullable().describe("In words for developers and operators: a page for users has words of its own for a `code`, as /me has."),
  plan: z.string().describe("Hostinger's catalog item."),
  templateId: z.int(),
  dataCenter: z.object({ id: z.int(), city: z.string().nullable(), country: z.string().nullable() }),
  address: z.string().nullable(),
  url: z.string().nullable(),
  vmId: z.number().nullable(),
  credentials: z.enum(["none", "available", "shown"]).describe("`available`: POST /api/vps/credentials shows them. `shown`: it has, and may do so again until they are acknowledged or CREDENTIALS_SHOWN_SECONDS are over."),
  credentialsMadeAt: time.nullable().describe("Which credentials these are; others than were shown: those are good no more. null: none were made, or by a version before."),
  pool: z.enum(["claimed", "none_left"]).nullable().describe("`claimed`: the VM waited in a pool, bought and installed. `none_left`: there is a pool for it, but none was left, so one is bought. null: there is no pool for it."),
  phases: z.array(PHASE_VIEW).describe("Of the last run."),
  requestedAt: time,
  readyAt: time.nullable(),
  updatedAt: time,
  version: z.int().describe("Counts every change."),
  statusUrl: z.string(),
  eventsUrl: z.string(),
}).meta({ id: "Vps" });

export const ADMIN_VPS_VIEW = VPS_VIEW.omit({ phases: true, queue: true, estimatedReadyAt: true, statusUrl: true, eventsUrl: true }).extend({
  userId: z.string(),
  orderId: z.string().nullable(),
  subscriptionId: z.string().nullable(),
  sshPublicKey: z.string().nullable(),
  credentialsRotation: z.int(),
}).meta({ id: "AdminVps" });

export const ADMIN_VPS_DETAIL_VIEW = ADMIN_VPS_VIEW.extend(VPS_VIEW.pick({ phases: true, queue: true, estimatedReadyAt: true }).shape).meta({ id: "AdminVpsDetail" });

export type VpsView = z.output<typeof VPS_VIEW>;
export type AdminVpsView = z.output<typeof ADMIN_VPS_VIEW>;
export type AdminVpsDetailView = z.output<typeof ADMIN_VPS_DETAIL_VIEW>;

export interface ViewSource {
  readonly pool: Queryable;
  readonly pace: FleetPace;
}

/** The record with its place in the queue, what is left of the usual time, and its phase times, as its user sees them. */
export async function readVpsView(source: ViewSource, record: VpsRecord): Promise<VpsView> {
  return { ...forItsUser(record), ...(await readMore(source, record)), statusUrl: "/api/vps/status", eventsUrl: "/api/vps/events" };
}

/** The same of who has only just asked for a first VPS, without a statement of its own. */
export async function newVpsView(pace: FleetPace, record: VpsRecord): Promise<VpsView> {
  return { ...forItsUser(record), ...(await withPlace(pace, record, NO_PROGRESS)), statusUrl: "/api/vps/status", eventsUrl: "/api/vps/events" };
}

/** The same, as operators see one user. */
export async function readAdminVpsView(source: ViewSource, record: VpsRecord): Promise<AdminVpsDetailView> {
  return { ...adminVpsView(record), ...(await readMore(source, record)) };
}

async function readMore({ pool, pace }: ViewSource, record: VpsRecord) {
  return withPlace(pace, record, await readProgress(pool, record.userId));
}

async function withPlace(pace: FleetPace, record: VpsRecord, { phases, way }: Progress): Promise<Pick<VpsView, "phases" | "queue" | "estimatedReadyAt">> {
  const place = await findQueuePlace(pace, record);
  const estimatedReadyAt = await estimateReadyAt(pace, record, way, place);
  return { queue: place ?? null, estimatedReadyAt: estimatedReadyAt?.toISOString() ?? null, phases: phases.map(phaseView) };
}

export function adminVpsView(record: VpsRecord): AdminVpsView {
  const { userId, hostingerOrderId: orderId, subscriptionId, sshPublicKey, credentialsRotation } = record;
  return { ...common(record), userId, orderId, subscriptionId, sshPublicKey, credentialsRotation };
}

/**
 * What is said of these names hosts, folders, people and settings of the installation, its accounts and what pays them, an operator's
 * reasons, or another user: operators read it, a user the meaning of its code.
 */
const NOT_FOR_USERS = [
  "ENGINE_FAILED", "ENGINE_MISSING", "DATABASE_FAILED", "STACK_LOCKED", "CONFIG_INVALID", "SANDBOX_ONLY", "CANCELLED",
  "API_UNAUTHORIZED", "API_FORBIDDEN", "API_REJECTED", "API_ANSWER_UNREADABLE", "API_ANSWER_UNEXPECTED", "API_LIST_INCOMPLETE",
  "PAYMENT_REFUSED", "PURCHASE_UNCERTAIN", "VM_NOT_OURS", "VM_NOT_FOUND", "VM_MISMATCH", "NAME_IN_USE", "CERTIFICATE_FORBIDDEN", "ZONE_FULL", "HANDOVER_FAILED",
] as const;

/** What a guard says of these to operators is how much is spent, what the fleet's size is, which card pays, and why somebody switched purchases off. */
const WAITING_OF_USERS: Partial<Record<WaitingKind, string>> = {
  purchases_off: "purchases are switched off",
  spend_per_month: "this month's spend is used up; it goes on with the next month",
  fleet_limit: "the fleet is full",
  price: "the plan's price is not within what may be paid, or not known",
  payment_method: "purchases cannot be paid at the moment",
  zone: "the DNS record could not be made at the moment",
  zone_records: "the DNS zone is full; it is tried again now and then",
};

/** Why is an operator's own word, as `abuse report 4711`. */
const SUSPENDED = "The VPS is suspended.";

function forItsUser(record: VpsRecord) {
  const view = common(record);
  const code = NOT_FOR_USERS.find((one) => one === view.failure?.code);
  const told = record.status === "suspended" ? SUSPENDED : code && ERROR_CATALOGUE[code].meaning;
  const failure = told && view.failure ? { ...view.failure, reason: told } : view.failure;
  const waitingFor = view.waitingFor === OTHERS_FIRST ? OTHERS_FIRST : (WAITING_OF_USERS[view.waiting?.kind as WaitingKind] ?? view.waitingFor);
  return { ...view, failure, waitingFor };
}

function common(record: VpsRecord) {
  const { username, hostname, status, phase, waitingFor, plan, templateId, address, url, hostingerVmId: vmId, version } = record;
  const center = DATA_CENTERS.find(({ id }) => id === record.dataCenterId);
  return {
    username, hostname, status, phase, waitingFor, plan, templateId, address, url, vmId, version,
    waiting: record.waitingKind === null ? null : { kind: record.waitingKind, since: record.waitingSince?.toISOString() ?? null, usualSeconds: record.waitingUsualSeconds, place: record.waitingPlace },
    failure: record.reason === null ? null : { code: record.errorCode, reason: whatHappened(record.reason, { code: record.errorCode, next: record.nextStep }), next: record.nextStep },
    dataCenter: { id: record.dataCenterId, city: center?.city ?? null, country: center?.country ?? null },
    pool: record.poolMemberId !== null ? "claimed" as const : record.poolId !== null ? "none_left" as const : null,
    credentials: record.credentialsAvailable ? "available" as const : record.credentialsShownAt ? "shown" as const : "none" as const,
    credentialsMadeAt: record.credentialsMadeAt?.toISOString() ?? null,
    requestedAt: record.requestedAt.toISOString(),
    readyAt: record.readyAt?.toISOString() ?? null,
    updatedAt: record.updatedAt.toISOString(),
  };
}

function phaseView({ phase, startedAt, endedAt }: PhaseTime): z.output<typeof PHASE_VIEW> {
  const seconds = Math.max(0, (endedAt?.getTime() ?? Date.now()) - startedAt.getTime()) / 1_000;
  return { phase, startedAt: startedAt.toISOString(), endedAt: endedAt?.toISOString() ?? null, seconds };
}
