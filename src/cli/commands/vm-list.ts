import type { CliCommand } from "../command.ts";
import { withHostinger } from "../hostinger/open-client.ts";
import { moment, table } from "../output.ts";

/** GET /api/vps/v1/virtual-machines */
export const vmList: CliCommand<object> = {
  usage: "vm list",
  summary: "All VMs of the account",
  examples: ["vm list", "vm list --json"],
  async run(invocation) {
    invocation.progress.say("asking Hostinger for the VMs");
    const vms = await withHostinger(invocation, ({ client, signal }) => client.virtualMachines.list({ signal }));
    const rows = vms.map((vm) => [vm.id, vm.hostname, vm.state, vm.plan, vm.dataCenterId, vm.ipv4[0]?.address, moment(vm.createdAt)]);
    return { data: vms, text: table(["ID", "HOST NAME", "STATE", "PLAN", "DATA CENTER", "IPV4", "CREATED (UTC)"], rows) };
  },
};
