/** The sweep: a cheap look at the whole fleet, then previews of the few suspects. */
import type { Pool } from "pg";
import { messageOf } from "../../providers/core/errors.ts";
import { joinSignals } from "../../providers/core/join-signals.ts";
import { orAborted } from "../../providers/core/or-aborted.ts";
import { inSeconds, MINUTE_MS, SECOND_MS } from "../../providers/core/time.ts";
import { inTransaction } from "../db/transaction.ts";
import { retireGoneMembers } from "../records/index.ts";
import type { VpsRecord } from "../records/index.ts";
import { resolveByPreview, saveFindings, savePreview } from "./findings.ts";
import type { FindingRecord } from "./findings.ts";
import { judge } from "./judge.ts";
import { observe } from "./observe.ts";
import type { FleetSources } from "./observe.ts";
import { inParallel } from "./in-parallel.ts";
import { notePassingVms } from "./passing-vms.ts";
import { probeFleet } from "./probe-fleet.ts";
import type { ProbeFleetOptions } from "./probe-fleet.ts";
import { withoutDoubtfulSubscriptions } from "./subscriptions.ts";
import type { StackDrift } from "./stack-drift.ts";
import { unlookedKinds } from "./unlooked.ts";

export interface SweepOptions extends Omit<FleetSources, "db"> {
  readonly pool: Pool;
  readonly probe: Pick<ProbeFleetOptions, "target" | "timeoutMs">;
  /** A preview with refresh of the user's stack; without it, suspects get none. */
  readonly driftOf?: ((user: VpsRecord, signal?: AbortSignal) => Promise<StackDrift>) | undefined;
  readonly domain: string;
  /** Full host names that are never orphans. */
  readonly ignoredNames?: readonly string[];
  /** How long a user is left alone after a change. */
  readonly graceSeconds: number;
  readonly previews: PreviewLimits;
  readonly signal?: AbortSignal;
}

export interface PreviewLimits {
  /** Of one sweep; the others keep their turn for the next. */
  readonly most: number;
  readonly atOnce: number;
  /** Of one preview. */
  readonly limitMs: number;
  /** After it, no further preview of this sweep begins. */
  readonly allLimitMs: number;
}
export const PREVIEW_LIMITS: PreviewLimits = { most: 20, atOnce: 1, limitMs: 2 * MINUTE_MS, allLimitMs: 10 * MINUTE_MS };

export interface SweepResult {
  /** Those that are open now, as far as this sweep saw them. */
  readonly findings: readonly FindingRecord[];
  readonly users: number;
  readonly examined: number;
  readonly apiCalls: number;
  /** Until the findings were saved, so without the previews. */
  readonly seconds: number;
  readonly previews: number;
}

/** As stacks/stack-settings.ts has it by default. */
export const RECORD_TTL_SECONDS = 60;

/** Changes nothing but the table of findings. */
export async function sweep(options: SweepOptions): Promise<SweepResult> {
  const { pool, hostinger, zone, stacks, probe, domain, ignoredNames = [], graceSeconds, signal } = options;
  const startedMs = performance.now();
  const observation = await observe({ db: pool, hostinger, zone, stacks }, graceSeconds, signal);
  const { examined, unexamined, toProbe, passing, ...judged } = judge(observation, { domain, ignoredNames, recordTtlSeconds: RECORD_TTL_SECONDS, graceSeconds, nowMs: Date.now() });
  const findings = withoutDoubtfulSubscriptions(judged.findings, observation);
  const health = await probeFleet(toProbe, { ...probe, signal });
  const probed = new Set(toProbe.map(({ username }) => username).filter((username) => !health.unsure.includes(username)));
  const unprobed = examined.map(({ username }) => username).filter((username) => !probed.has(username));
  const unlooked = unlookedKinds(observation, findings);
  const saved = await inTransaction(pool, async (db) => {
    await notePassingVms(db, passing);
    await retireGoneMembers(db, observation.goneSetAside ?? []);
    return await saveFindings(db, { findings: [...findings, ...health.findings], unexamined, unprobed, unlooked });
  });
  const seconds = Math.round(performance.now() - startedMs) / SECOND_MS;
  const previews = await previewSuspects(options, saved, new Map(examined.map((user) => [user.username, user])));
  return { findings: saved, users: examined.length + unexamined.length, examined: examined.length, apiCalls: observation.apiCalls, seconds, previews };
}

/**
 * Only users with a finding that no preview has seen yet; the longest known first. It is of the whole
 * stack, so it goes for all findings of the user; what it does not find is over. Each has a limit, and so have all: who has no turn keeps it for the next sweep.
 */
async function previewSuspects(options: SweepOptions, findings: readonly FindingRecord[], users: ReadonlyMap<string, VpsRecord>): Promise<number> {
  const { pool, driftOf, previews: { most, atOnce, limitMs, allLimitMs }, signal } = options;
  if (!driftOf) return 0;
  const previewable = findings.filter(({ kind }) => kind !== "RecordWithoutStack").toSorted((a, b) => a.findingId - b.findingId);
  const byUser = Map.groupBy(previewable, ({ username }) => username);
  const unseenByUser = Map.groupBy(previewable.filter(({ preview }) => preview === null), ({ username }) => username);
  const suspects = [...unseenByUser].flatMap(([username, unseen]) => {
    const user = username === null ? undefined : users.get(username);
    return user ? [{ user, unseen: idsOf(unseen), all: idsOf(byUser.get(username)!) }] : [];
  }).slice(0, most);
  const endMs = performance.now() + allLimitMs;
  let count = 0;
  await inParallel(suspects, atOnce, async ({ user, unseen, all }) => {
    if (performance.now() > endMs) return;
    count++;
    const ends = joinSignals({ signals: [signal], limitMs });
    const preview = await orAborted(driftOf(user, ends.signal), ends.signal).finally(ends.leave).then(({ resources, changes, refusal }) => ({ resources, changes, refusal }), (error: unknown) => {
      signal?.throwIfAborted();
      return { error: ends.signal.aborted ? `The preview did not end within ${inSeconds(limitMs)}.` : messageOf(error) };
    });
    // What an earlier one has said stands until another one has come to its end.
    await savePreview(pool, "error" in preview ? unseen : all, preview);
    if ("changes" in preview && preview.changes === 0 && preview.refusal === null) await resolveByPreview(pool, all);
  });
  return count;
}

const idsOf = (findings: readonly FindingRecord[]) => findings.map(({ findingId }) => findingId);
