import type { CliCommand } from "../command.ts";
import { withHostinger } from "../hostinger/open-client.ts";
import { moment, table } from "../output.ts";
import { id } from "../argument-values.ts";

/** GET /api/vps/v1/virtual-machines/{id}/actions */
export const vmActions: CliCommand<{ all?: true }> = {
  usage: "vm actions <vm-id>",
  summary: "What was done to a VM, newest first",
  details: "PROGRESS is running, completed or failed, whatever word the API has for it.",
  options: [{ flags: "--all", description: "all of them (default: the last 50)" }],
  examples: ["vm actions 17923"],
  async run(invocation) {
    const vmId = id(invocation.args[0]!);
    invocation.progress.say(`asking Hostinger for the actions of VM ${vmId}`);
    const found = await withHostinger(invocation, ({ client, signal }) => client.virtualMachines.actions(vmId, { signal, allPages: invocation.options.all ?? false }));
    const { specificationState } = await import("../../../providers/hostinger/api/client.ts");
    const actions = found.map((action) => ({ ...action, progress: specificationState(action) }));
    const rows = actions.map(({ id: actionId, name, state, progress, createdAt, updatedAt }) => [actionId, name, progress, state, moment(createdAt), moment(updatedAt)]);
    return { data: actions, text: table(["ID", "ACTION", "PROGRESS", "STATE", "CREATED (UTC)", "UPDATED (UTC)"], rows) };
  },
};
