/** A roll-out as people see it, and as it goes on. */
import { UserVpsError } from "../../../providers/core/errors.ts";
import { MINUTE_MS, SECOND_MS, sleep } from "../../../providers/core/time.ts";
import type { RollOutMemberView, RollOutView, RollOutWithMembersView } from "../../http/roll-out-view.ts";
import type { Invocation, Result } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { fields, moment, table } from "../output.ts";
import type { ServiceApi } from "./api.ts";
import { answer, withService } from "./api.ts";
import { ServiceRefusal } from "./refusal.ts";

/** Well within RATE_LIMIT_PER_MINUTE. */
const INTERVAL_MS = 2 * SECOND_MS;
/** A statement ends after a minute: what it writes down is seen that much later than its time, at most. */
const SEEN_LATE_MS = 2 * MINUTE_MS;
/** How long the service may be away, as while it is restarted, before following it is given up. */
const AWAY_LIMIT_MS = 60 * SECOND_MS;

/** The newest one; undefined if there was none yet. */
export async function newestRollOut(service: ServiceApi): Promise<RollOutView | undefined> {
  return (await answer(service.GET("/api/admin/roll-outs", { params: { query: { limit: 1 } } }))).items[0];
}

/** @param changedSince only the VPSs whose turn has begun or ended since; undefined: all */
export async function readRollOut(service: ServiceApi, rollOutId: string, changedSince?: Date): Promise<RollOutWithMembersView> {
  return await answer(service.GET("/api/admin/roll-outs/{rollOutId}", { params: { path: { rollOutId }, query: { ...(changedSince && { changedSince: changedSince.toISOString() }) } } }));
}

export function rollOutText(rollOut: RollOutWithMembersView): string {
  const { rollOutId, version, requestedBy, reason, cancelledBy, createdAt, endedAt, snapshot, members } = rollOut;
  const head = fields({
    "roll-out": rollOutId, version, status: statusText(rollOut), "asked for by": requestedBy, reason, "cancelled by": cancelledBy,
    snapshots: snapshot ? "yes" : undefined, "begun (UTC)": moment(createdAt), "ended (UTC)": moment(endedAt),
  });
  const rows = members.map((member) => [member.wave, member.username, member.status, secondsOf(member), member.errorCode, member.runId]);
  const failures = members.filter(({ status }) => status === "failed").map(({ username, message }) => `${username}: ${message}`);
  return [head, table(["WAVE", "USER", "STATUS", "SECONDS", "ERROR", "RUN"], rows), ...failures].join("\n\n");
}

/** `succeeded: 12 succeeded`, `goes on: 3 succeeded, 2 running, 7 waiting`. */
export function statusText({ outcome, counts }: RollOutView): string {
  const parts = (["succeeded", "failed", "running", "waiting", "skipped"] as const).filter((status) => counts[status] > 0).map((status) => `${counts[status]} ${status}`);
  return `${outcome ?? "goes on"}: ${parts.join(", ")}`;
}

/** Shows each VPS's turn, until the roll-out has ended and nobody is under way. Exit code 1 unless it succeeded. */
export async function followRollOut(invocation: Pick<Invocation, "env" | "signal" | "progress" | "show">, rollOutId: string): Promise<Result> {
  const { signal, progress, show } = invocation;
  const shown = new Map<string, string>();
  // Of all whose turn has begun.
  let sinceMs = 0;
  for (let answeredMs = Date.now(); ; ) {
    // With a token of its own each time: a roll-out may outlast one.
    const rollOut = await withService(invocation, (service) => readRollOut(service, rollOutId, new Date(sinceMs))).catch((error: unknown) => {
      if (!isAway(error) || Date.now() - answeredMs > AWAY_LIMIT_MS) throw error;
      progress.say("the service does not answer, it is asked again");
    });
    if (rollOut) {
      answeredMs = Date.now();
      for (const member of rollOut.members) {
        const { username, status, runId } = member;
        // By the service's clock.
        sinceMs = Math.max(sinceMs, Date.parse(member.endedAt ?? member.startedAt ?? "") - SEEN_LATE_MS || 0);
        if (status === "waiting" || shown.get(username) === `${status} ${runId}`) continue;
        shown.set(username, `${status} ${runId}`);
        progress.end();
        show({ data: { member }, text: memberText(member) });
      }
      if (rollOut.outcome !== null && rollOut.counts.running === 0) {
        progress.end();
        const { members: _, ...summary } = rollOut;
        return { data: { rollOut: summary }, text: `roll-out of ${rollOut.version}: ${statusText(rollOut)}`, exitCode: rollOut.outcome === "succeeded" ? EXIT.done : EXIT.failed };
      }
      progress.say(`roll-out of ${rollOut.version}: ${statusText(rollOut)}`);
    }
    await sleep(INTERVAL_MS, signal);
  }
}

function memberText({ username, wave, status, message, startedAt, endedAt }: RollOutMemberView): string {
  const at = (endedAt ?? startedAt ?? "").slice(11, 19);
  return `${at}  wave ${wave}  ${username}  ${status}${message ? `: ${message}` : ""}`;
}

function secondsOf({ startedAt, endedAt }: RollOutMemberView): number | undefined {
  return startedAt && endedAt ? Math.round((Date.parse(endedAt) - Date.parse(startedAt)) / SECOND_MS) : undefined;
}

function isAway(error: unknown): boolean {
  if (error instanceof ServiceRefusal) return error.status === 503 || error.status === 429;
  return error instanceof UserVpsError && (error.code === "API_UNREACHABLE" || error.code === "API_TIMEOUT");
}
