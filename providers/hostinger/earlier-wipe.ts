import { UserVpsError } from "../core/errors.ts";
import { SECOND_MS, inSeconds, moment, sleep } from "../core/time.ts";
import { specificationState } from "./api/client.ts";
import type { Action } from "./api/client.ts";
import { LARGEST_SKEW_MS } from "./clock.ts";
import type { NamedVm } from "./run-action.ts";
import type { Session } from "./session.ts";

/** `created_at` of an action is told in whole seconds. */
const CREATED_AT_RESOLUTION_MS = 1 * SECOND_MS;

/**
 * The wipe that was ordered for this `recreation` already, by a run that did not live to see its end: one that comes after
 * the action that it names, or after the time that it names.
 * Errors: CHANGE_REFUSED where clocks are too far apart to tell by a time, API_*.
 */
export async function earlierWipe(session: Session, vm: NamedVm, recreation: string | undefined): Promise<Action | undefined> {
  const [, after] = / after action (\d+)$/.exec(recreation ?? "") ?? [];
  const [time] = /\d{4}-\d\d-\d\dT[\d:.]+Z$/.exec(recreation ?? "") ?? [];
  if (after === undefined && time === undefined) return undefined;
  const actions = await session.client.virtualMachines.actions(vm.vmId, { signal: session.signal });
  const wipes = actions.filter((action) => /recreate/i.test(action.name) && specificationState(action) !== "failed");
  if (after !== undefined) return wipes.find(({ id }) => id > Number(after));
  await refuseWrongTime(session, vm, time!, { newest: actions[0], wipe: wipes[0] });
  return wipes.find(({ createdAt }) => Date.parse(createdAt ?? "") >= Date.parse(time!) - CREATED_AT_RESOLUTION_MS);
}

/** Nothing is ordered before the time by Hostinger's clock, whichever clock told it: so the next run finds what is ordered. A wipe takes minutes, so an earlier one is no nearer than a skew that passes. */
async function refuseWrongTime(session: Session, vm: NamedVm, time: string, last: LastActions): Promise<void> {
  const { serverTimeOffsetMs } = session.client;
  const aheadMs = Date.parse(time) - Date.now() - serverTimeOffsetMs;
  if (Math.abs(serverTimeOffsetMs) > LARGEST_SKEW_MS) {
    throw wrongTime(vm, time, `this machine's clock is ${inSeconds(Math.abs(serverTimeOffsetMs))} ${serverTimeOffsetMs > 0 ? "behind" : "ahead of"} Hostinger's`, last);
  }
  if (aheadMs > LARGEST_SKEW_MS) throw wrongTime(vm, time, `it is ${inSeconds(aheadMs)} ahead of Hostinger's clock`, last);
  if (aheadMs <= 0) return;
  session.report(`${vm.hostname}: waiting until it is ${time} by Hostinger's clock`);
  await sleep(aheadMs, session.signal);
}

interface LastActions {
  readonly newest: Action | undefined;
  readonly wipe: Action | undefined;
}

function wrongTime({ vmId, hostname }: NamedVm, time: string, why: string, { newest, wipe }: LastActions): UserVpsError {
  const ifWiped = wipe ? `; if its last wipe (action ${wipe.id}, ordered at ${moment(wipe.createdAt) ?? "an unknown time"}) is the one that was asked for, "1 after action ${wipe.id - 1}" takes it for that` : "";
  return new UserVpsError("CHANGE_REFUSED", `The recreation of ${hostname} names a time, ${time}, but ${why}: a wipe that was ordered for it could not be told from an earlier one.`, {
    next: `Name an action of VM ${vmId} instead: recreation "1 after action ${newest?.id ?? 0}" wipes it${ifWiped}. \`user-vps vm actions ${vmId}\` lists them.`,
  });
}
