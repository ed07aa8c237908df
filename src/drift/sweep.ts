/** The sweep: a cheap look at the whole fleet, then previews of the few suspects. */
import type { Pool } from "pg";
import { messageOf } from "../../providers/core/errors.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import { inTransaction } from "../db/transaction.ts";
import type { VpsRecord } from "../records/index.ts";
import { saveFindings, savePreview } from "./findings.ts";
import type { FindingRecord } from "./findings.ts";
import { judge } from "./judge.ts";
import { observe } from "./observe.ts";
import type { FleetSources } from "./observe.ts";
import { inParallel, probeFleet } from "./probe-fleet.ts";
import type { ProbeFleetOptions } from "./probe-fleet.ts";
import type { StackDrift } from "./stack-drift.ts";

export interface SweepOptions extends Omit<FleetSources, "db"> {
  readonly pool: Pool;
  readonly probe: Pick<ProbeFleetOptions, "target" | "concurrency">;
  /** A preview with refresh of the user's stack; without it, suspects get none. */
  readonly driftOf?: ((user: VpsRecord, signal?: AbortSignal) => Promise<StackDrift>) | undefined;
  readonly domain: string;
  /** Full host names that are never orphans. */
  readonly ignoredNames?: readonly string[];
  /** As stacks/config.ts has it by default. */
  readonly recordTtlSeconds?: number;
  /** How long a user is left alone after a change. */
  readonly graceSeconds?: number;
  /** Of one sweep; the others keep their turn for the next. */
  readonly mostPreviews?: number;
  readonly previewsAtOnce?: number;
  readonly signal?: AbortSignal;
}

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

const GRACE_SECONDS = 60;
const RECORD_TTL_SECONDS = 60;
const MOST_PREVIEWS = 20;

/** Changes nothing but the table of findings. */
export async function sweep(options: SweepOptions): Promise<SweepResult> {
  const { pool, hostinger, zone, stacks, probe, domain, ignoredNames = [], recordTtlSeconds = RECORD_TTL_SECONDS, graceSeconds = GRACE_SECONDS, signal } = options;
  const startedMs = performance.now();
  const observation = await observe({ db: pool, hostinger, zone, stacks }, graceSeconds, signal);
  const { findings, examined, unexamined, toProbe } = judge(observation, { domain, ignoredNames, recordTtlSeconds, graceSeconds, nowMs: Date.now() });
  const unhealthy = await probeFleet(toProbe, { ...probe, signal });
  const probed = new Set(toProbe.map(({ username }) => username));
  const unprobed = examined.map(({ username }) => username).filter((username) => !probed.has(username));
  const saved = await inTransaction(pool, (db) => saveFindings(db, { findings: [...findings, ...unhealthy], unexamined, unprobed }));
  const seconds = Math.round(performance.now() - startedMs) / SECOND_MS;
  const previews = await previewSuspects(options, saved, new Map(examined.map((user) => [user.username, user])));
  return { findings: saved, users: examined.length + unexamined.length, examined: examined.length, apiCalls: observation.apiCalls, seconds, previews };
}

/** Only users with a finding that no preview has seen yet; the longest known first. */
async function previewSuspects({ pool, driftOf, mostPreviews = MOST_PREVIEWS, previewsAtOnce = 1, signal }: SweepOptions, findings: readonly FindingRecord[], users: ReadonlyMap<string, VpsRecord>): Promise<number> {
  if (!driftOf) return 0;
  const withoutPreview = findings.filter(({ kind, preview }) => preview === null && kind !== "RecordWithoutStack");
  const byUser = Map.groupBy(withoutPreview.toSorted((a, b) => a.findingId - b.findingId), ({ username }) => username);
  const suspects = [...byUser].flatMap(([username, of]) => {
    const user = username === null ? undefined : users.get(username);
    return user ? [{ user, findingIds: of.map(({ findingId }) => findingId) }] : [];
  }).slice(0, mostPreviews);
  await inParallel(suspects, previewsAtOnce, async ({ user, findingIds }) => {
    const preview = await driftOf(user, signal).then(({ resources, changes, refusal }) => ({ resources, changes, refusal }), (error: unknown) => {
      signal?.throwIfAborted();
      return { error: messageOf(error) };
    });
    await savePreview(pool, findingIds, preview);
  });
  return suspects.length;
}
