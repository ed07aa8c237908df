import type { Resolver } from "node:dns/promises";
import { SECOND_MS, sleep } from "../../providers/core/time.ts";
import { createResolver } from "../../providers/health/dns-stage.ts";
import { probe } from "../../providers/health/probe.ts";
import { STAGE_NAMES } from "../../providers/health/target.ts";
import type { HealthTarget, ProbeResult } from "../../providers/health/target.ts";
import { isTooManyAtOnce } from "./confirm-missing.ts";
import { ofNobody, ofUser } from "./finding.ts";
import type { Finding } from "./finding.ts";
import { inParallel } from "./in-parallel.ts";
import type { FleetUser } from "./users.ts";

export interface ProbeFleetOptions {
  /** What is the same for all: port, path, resolver, trust. */
  readonly target: Omit<HealthTarget, "hostname" | "address">;
  /** Of the first look; the second waits three times as long. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface FleetHealth {
  readonly findings: readonly Finding[];
  /** User names about whose health nothing can be said. */
  readonly unsure: readonly string[];
}

const CONCURRENCY = 50;
export const PROBE_TIMEOUT_MS = 3 * SECOND_MS;
/** The second look is a calm one: few at a time, with more patience. */
const CALM_CONCURRENCY = 5;
const CALM_FACTOR = 3;
/** A hiccup is no illness. */
const CALM_ATTEMPTS = 2;
const PAUSE_MS = 500;
/** If so many of those looked at again time out once more, the rest is not looked at one by one where the prober is doubted anyway. */
const SAMPLE = 20;
/** Otherwise so many are, of those that answer nothing: each takes its time. The others are for a later sweep. */
const MOST_SILENT = 100;

/**
 * Probes each VPS once, and looks again, calmly, at those that failed. One finding for each that
 * stays unhealthy. If many time out at once even then, that is told of the prober, and of nobody else.
 */
export async function probeFleet(users: readonly FleetUser[], options: ProbeFleetOptions): Promise<FleetHealth> {
  const { timeoutMs, signal } = options;
  const suspects: FleetUser[] = [];
  const resolver = createResolver(options.target);
  await inParallel(users, CONCURRENCY, async (user) => {
    if (!user.address) return;
    if (!(await look(user, options, timeoutMs, resolver)).healthy) suspects.push(user);
  });

  const ill: { readonly user: FleetUser; readonly result: ProbeResult }[] = [];
  const lookAgain = async (some: readonly FleetUser[]) => {
    await inParallel(some, CALM_CONCURRENCY, async (user) => {
      let result = await look(user, options, CALM_FACTOR * timeoutMs);
      for (let attempt = 1; !result.healthy && attempt < CALM_ATTEMPTS; attempt++) {
        await sleep(PAUSE_MS, signal);
        result = await look(user, options, CALM_FACTOR * timeoutMs);
      }
      if (!result.healthy) ill.push({ user, result });
    });
  };
  const sample = suspects.slice(0, SAMPLE);
  const rest = suspects.slice(SAMPLE);
  await lookAgain(sample);
  const silent = () => ill.filter(({ result }) => result.timedOut);
  const areSilent = silent().length === sample.length;
  const mostOfRest = !areSilent ? rest.length : isTooManyAtOnce(suspects.length, users.length) ? 0 : MOST_SILENT - SAMPLE;
  await lookAgain(rest.slice(0, mostOfRest));
  const unlooked = rest.slice(mostOfRest).map(({ username }) => username);

  const silentNames = [...silent().map(({ user }) => user.username), ...unlooked];
  const isDoubted = isTooManyAtOnce(silentNames.length, users.length);
  const findings = ill.filter(({ result }) => !isDoubted || !result.timedOut).map(({ user, result }) => ofUser(user, "Unhealthy", "healthy", `${STAGE_NAMES[result.stage]}: ${result.detail}`));
  if (!isDoubted) return { findings, unsure: unlooked };
  const doubt = ofNobody("ProberDoubted", "health checks", "answers in time", `${silentNames.length} of ${users.length} health checks timed out, twice`);
  return { findings: [...findings, doubt], unsure: silentNames };
}

async function look({ hostname, address, isPooled }: FleetUser, { target, signal }: ProbeFleetOptions, timeoutMs: number, resolver?: Resolver): Promise<ProbeResult> {
  return await probe({ ...target, hostname, address: address!, byAddress: isPooled }, { signal, timeoutMs, resolver });
}
