import { discardCredentials, setVpsStatus } from "../../records/index.ts";
import type { Session } from "../../../providers/hostinger/session.ts";
import type { OperationContext, OperationResult } from "../operation.ts";
import { callsOf } from "../power.ts";
import { stackRequestOf } from "../stack-request.ts";

/** The stack of a pool's member ends, and its script in the Hostinger account; its VM, which a user has by now, is not touched. May be repeated. */
export async function letMemberGo({ engine, settings, record, hooks, recorder, vms }: OperationContext): Promise<OperationResult> {
  const { userId, hostname } = record;
  const stack = stackRequestOf(record, settings);
  await engine.clearInterruptedRun(stack, hooks);
  const { changes } = await engine.destroy(stack, hooks, { leavesVm: true });
  if (settings.vpsFirewall) await removeFirewall(vms.openSession({ ...callsOf(hooks), report: (text) => recorder.onLine(text) }), hostname);
  return {
    changes,
    async save(db) {
      await discardCredentials(db, userId);
      await setVpsStatus(db, userId, { status: "deprovisioned", phase: null });
    },
  };
}

/** Of the member's name. One that is still before the VM stays: the user's own takes its place there first. */
async function removeFirewall(session: Session, hostname: string): Promise<void> {
  const { client, signal } = session;
  const firewall = (await client.firewalls.list({ signal })).find(({ name }) => name === hostname);
  if (!firewall) return;
  const isActive = (await client.virtualMachines.list({ signal })).some(({ firewallGroupId }) => firewallGroupId === firewall.id);
  if (isActive) return session.report(`firewall ${firewall.id} (${hostname}) is still in front of the VM, and is left`);
  await client.firewalls.delete(firewall.id, { signal });
}
