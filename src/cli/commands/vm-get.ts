import type { CliCommand } from "../command.ts";
import { withHostinger } from "../hostinger/open-client.ts";
import { id } from "../argument-values.ts";
import { vmText } from "../hostinger/vm-view.ts";

/** GET /api/vps/v1/virtual-machines/{id} */
export const vmGet: CliCommand<object> = {
  usage: "vm get <vm-id>",
  summary: "One VM",
  examples: ["vm get 17923"],
  async run(invocation) {
    const vmId = id(invocation.args[0]!);
    invocation.progress.say(`asking Hostinger for VM ${vmId}`);
    const vm = await withHostinger(invocation, ({ client, signal }) => client.virtualMachines.get(vmId, { signal }));
    return { data: vm, text: vmText(vm) };
  },
};
