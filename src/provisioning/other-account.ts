/**
 * Whether the token is of another Hostinger account than users' VMs are in. With such a one every VM is neither found nor
 * listed, and so counts as gone: what is given up would end with its VM running and renewed, and signups would buy there.
 */
import { UserVpsError } from "../../providers/core/errors.ts";
import type { HostingerClient } from "../../providers/hostinger/api/client.ts";
import type { Queryable } from "../db/queryable.ts";
import type { Session } from "../../providers/hostinger/session.ts";
import { newestVmsInUse } from "../records/index.ts";
import type { OperationContext } from "./operation.ts";

const MOST_VMS = 20;
/** So few may all have come to an end by themselves. */
const FEWEST_VMS = 3;
const NAMED = 3;

export interface AccountInQuestion {
  readonly db: Queryable;
  readonly client: Pick<HostingerClient, "virtualMachines">;
  /** An operator says that they are all lost. */
  readonly isAllowed: boolean | undefined;
  readonly signal: AbortSignal;
}

export const OTHER_ACCOUNT_NEXT = "Set HOSTINGER_API_KEY to a token of the account that has those VMs. Only if they are all lost, set ALLOW_OTHER_ACCOUNT=true until users have others.";

/**
 * Asks for some VMs that are in use. A list may lie for a moment, so each that it lacks is asked for by itself.
 *
 * @returns why the account is doubted; undefined: it has one of them, or there are too few to tell
 */
export async function doubtOfAccount({ db, client: { virtualMachines }, isAllowed, signal }: AccountInQuestion): Promise<string | undefined> {
  if (isAllowed) return undefined;
  const inUse = await newestVmsInUse(db, MOST_VMS);
  if (inUse.length < FEWEST_VMS) return undefined;
  const { vms, odd } = await virtualMachines.listEntries({ signal });
  const ids = new Set(inUse.map(({ vmId }) => vmId));
  if (vms.some(({ id }) => ids.has(id)) || odd.some(({ id }) => id === null || ids.has(id))) return undefined;
  for (const id of ids) if (await isThere(virtualMachines.get(id, { signal }))) return undefined;
  const some = inUse.slice(0, NAMED).map(({ username, vmId }) => `VM ${vmId} of ${username}`).join(", ");
  return `The token's Hostinger account has ${vms.length} VMs, and of ${inUse.length} that are in use by the records not one (${some}${inUse.length > NAMED ? ", …" : ""}). Is it another account's token?`;
}

/**
 * Before a VM counts as gone, and what is left of it is removed, forgotten or made up for by another one.
 * @throws UserVpsError VM_NOT_FOUND: it is only doubted, so it is tried again
 */
export async function refuseDoubtedAccount({ pool, settings }: Pick<OperationContext, "pool" | "settings">, { client, signal }: Session): Promise<void> {
  const doubt = await doubtOfAccount({ db: pool, client, isAllowed: settings.allowOtherAccount, signal });
  if (doubt !== undefined) throw new UserVpsError("VM_NOT_FOUND", doubt, { next: OTHER_ACCOUNT_NEXT });
}

/** The same until the account was told once not to be another one: a worker's token stays as it is. */
export function refuseDoubtedUntilTold(context: Pick<OperationContext, "pool" | "settings">): (session: Session) => Promise<void> {
  let isTold = false;
  return async (session) => {
    if (!isTold) await refuseDoubtedAccount(context, session);
    isTold = true;
  };
}

async function isThere(vm: Promise<unknown>): Promise<boolean> {
  try {
    await vm;
    return true;
  } catch (error) {
    // What is another account's may be forbidden as well as unknown.
    if (error instanceof UserVpsError && (error.code === "API_NOT_FOUND" || error.code === "API_FORBIDDEN")) return false;
    throw error;
  }
}
