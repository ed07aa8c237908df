/** An order that stands, of a VM that will be installed with a script which is about to be removed. */
import { UserVpsError } from "../../core/errors.ts";
import { ALLOW_DELETE_VARIABLE } from "../allow-delete.ts";
import type { Session } from "../session.ts";
import { LEAST_PAGES, MOST_PAGES, parseRecords } from "./account.ts";
import { mayHaveBought } from "./states.ts";

/**
 * A state without the VM says nothing of an order: whoever removes the script and forgets the credentials has a VM, paid and
 * renewed, that nobody can log in to. The service and `user-vps destroy` look after it themselves.
 * @throws UserVpsError PURCHASE_UNCERTAIN; API_*: then nothing may be concluded
 */
export async function refuseWhileOrdered(session: Session, scriptId: number): Promise<void> {
  if (process.env[ALLOW_DELETE_VARIABLE] === "true") return;
  // Its record was made after the script.
  const scripts = await session.client.scripts.newest({ leastPages: LEAST_PAGES, mostPages: MOST_PAGES, isOldEnough: ({ id }) => id <= scriptId }, { signal: session.signal });
  const records = await parseRecords(session, scripts);
  // Of one that is seen, the VM is in a state, and goes or stays by that.
  const open = records.find(({ postInstallScriptId, state }) => postInstallScriptId === scriptId && mayHaveBought(state) && state !== "seen");
  if (!open) return;
  const order = open.orderId === undefined ? "a VM was ordered" : `order ${open.orderId} was placed`;
  throw new UserVpsError("PURCHASE_UNCERTAIN", `Post-install script ${scriptId} stays: ${order} for ${open.hostname} (record ${open.id}), and its VM, which will be installed with it, is still to come.`, {
    next: `Run \`up\`, which goes on with it, and destroy then. If nothing is to come of it: cancel the order in the Hostinger panel, and destroy with ${ALLOW_DELETE_VARIABLE}=true.`,
  });
}
