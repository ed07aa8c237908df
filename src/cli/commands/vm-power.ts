import type { CliCommand } from "../command.ts";
import { withHostinger } from "../hostinger/open-client.ts";
import { id } from "../argument-values.ts";
import { nameOf } from "../hostinger/vm-view.ts";

/** Orders it and waits for its end: POST /api/vps/v1/virtual-machines/{id}/start, stop, restart. */
function power(action: "start" | "stop" | "restart", summary: string): CliCommand<object> {
  return {
    usage: `vm ${action} <vm-id>`,
    summary,
    details: "Waits until Hostinger says that it is done.",
    examples: [`vm ${action} 17923`],
    async run(invocation) {
      const vmId = id(invocation.args[0]!);
      return withHostinger(invocation, async (session) => {
        const { client, signal } = session;
        invocation.progress.say(`asking Hostinger for VM ${vmId}`);
        const hostname = nameOf(await client.virtualMachines.get(vmId, { signal }));
        const { runAction } = await import("../../../providers/hostinger/run-action.ts");
        await runAction(session, { vmId, hostname }, `${action} of VM ${vmId}`, () => client.virtualMachines[action](vmId, { signal }));
        const vm = await client.virtualMachines.get(vmId, { signal });
        return { data: { action, vm }, text: `${hostname}: ${action} of VM ${vmId} is done, it is ${vm.state}.` };
      });
    },
  };
}

export const vmStart = power("start", "Start a VM");
export const vmStop = power("stop", "Stop a VM; it stays paid");
export const vmRestart = power("restart", "Restart a VM");
