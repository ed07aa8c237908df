/** What was repaired is over at once: after a run of the user has succeeded, just that user is looked at again. */
import type { Pool } from "pg";
import { messageOf } from "../../providers/core/errors.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import { nowAndThen } from "../jobs/now-and-then.ts";
import type { NowAndThen } from "../jobs/now-and-then.ts";
import { inTransaction } from "../db/transaction.ts";
import { saveFindings } from "./findings.ts";
import { inParallel } from "./in-parallel.ts";
import { judgeUsers } from "./judge.ts";
import { orNone } from "./observe.ts";
import { probeFleet } from "./probe-fleet.ts";
import { RECORD_TTL_SECONDS } from "./sweep.ts";
import type { SweepOptions } from "./sweep.ts";
import { readFleetUser } from "./users.ts";

export type SecondLookOptions = Pick<SweepOptions, "pool" | "hostinger" | "zone" | "stacks" | "probe" | "domain" | "ignoredNames"> & { readonly signal: AbortSignal };

const INTERVAL_MS = 2 * SECOND_MS;
const AT_ONCE = 4;
/** Of what is made anew. */
const GRACE_SECONDS = 60;

/** Written down before the look, so that of several workers one looks; if it dies over it, the next sweep does. */
const CLAIM = `
  UPDATE vps_findings SET looked_at = clock_timestamp()
  WHERE resolved_at IS NULL AND user_id IS NOT NULL
    AND EXISTS (
      SELECT FROM vps_runs WHERE vps_runs.user_id = vps_findings.user_id AND outcome = 'succeeded' AND operation IN ('up', 'power')
        AND ended_at > greatest(vps_findings.last_seen, vps_findings.looked_at))
    AND NOT EXISTS (SELECT FROM vps_runs WHERE vps_runs.user_id = vps_findings.user_id AND outcome IS NULL)
  RETURNING username`;

/** @returns the user names that were looked at */
export async function lookAgain(options: SecondLookOptions, log: (line: string) => void): Promise<string[]> {
  const { rows } = await options.pool.query<{ username: string }>(CLAIM);
  const usernames = [...new Set(rows.map(({ username }) => username))];
  await inParallel(usernames, AT_ONCE, async (username) => {
    await lookAtUser(options, username).catch((error: unknown) => {
      options.signal.throwIfAborted();
      log(`${username} cannot be looked at again, the next sweep does: ${messageOf(error)}`);
    });
  });
  return usernames;
}

async function lookAtUser({ pool, hostinger, zone, stacks, probe, domain, ignoredNames = [], signal }: SecondLookOptions, username: string): Promise<void> {
  const before = await readFleetUser(pool, username);
  if (!before?.settled) return;
  const [vms, subscriptions, records, hasStack] = await Promise.all([
    orNone(hostinger.virtualMachines.get(before.hostingerVmId!, { signal })), hostinger.subscriptions.list({ signal }), zone.list({ name: before.hostname }, signal), stacks.hasStack(username),
  ]);
  const after = await readFleetUser(pool, username);
  if (!after) return;
  const observation = { before: new Map([[username, before]]), after: new Map([[username, after]]), vms, subscriptions, records, stacks: new Set(hasStack ? [username] : []), apiCalls: 3 };
  const { findings, examined, unexamined, toProbe } = judgeUsers(observation, { domain, ignoredNames, recordTtlSeconds: RECORD_TTL_SECONDS, graceSeconds: GRACE_SECONDS, nowMs: Date.now() });
  const health = await probeFleet(toProbe, { ...probe, signal });
  const isProbed = toProbe.length > 0 && health.unsure.length === 0;
  const unprobed = isProbed ? [] : examined.map((user) => user.username);
  await inTransaction(pool, (db) => saveFindings(db, { findings: [...findings, ...health.findings.filter((one) => one.username === username)], unexamined, unprobed, unlooked: ["VmUnreadable"], only: username }));
}

/** Asks PostgreSQL every two seconds, which is cheap: few findings are open. */
export function watchForRepairs(options: Omit<SecondLookOptions, "signal"> & { readonly pool: Pool }, log: (line: string) => void): NowAndThen {
  const stopping = new AbortController();
  const looks = nowAndThen(INTERVAL_MS, () => lookAgain({ ...options, signal: stopping.signal }, log), (error) => {
    if (!stopping.signal.aborted) log(`repaired findings cannot be looked at: ${messageOf(error)}`);
  });
  return {
    async stop() {
      stopping.abort(new Error("the worker was shut down"));
      await looks.stop();
    },
  };
}
