import { parseUsername } from "../../../stacks/username.ts";
import type { CliCommand } from "../command.ts";
import { confirmTyped } from "../confirm.ts";
import { ORDER_OPTIONS, orderForUser } from "../service-client/order.ts";
import type { OrderOptions } from "../service-client/order.ts";

/** POST /api/admin/vps/{username}/snapshot */
export const snapshot: CliCommand<OrderOptions & { readonly confirm?: string }> = {
  usage: "snapshot <username>",
  summary: "Make a snapshot of a user's VM, in place of an earlier one",
  details: "Before something risky. Hostinger keeps one snapshot for each VM, for some weeks. By its id, without the service: `vm snapshot-create`, `vm snapshot-restore`.",
  options: [{ flags: "--confirm <username>", description: "the user name again, in place of typing it" }, ...ORDER_OPTIONS],
  examples: ["snapshot alice", "snapshot alice --confirm alice --follow"],
  async run(invocation) {
    const username = parseUsername(invocation.args[0]!);
    await confirmTyped({ what: `A VM has one snapshot: an earlier one of ${username} is lost.`, expected: username, given: invocation.options.confirm, option: `--confirm ${username}` });
    return orderForUser(invocation, username, { ask: (service, user, why) => service.POST("/api/admin/vps/{username}/snapshot", { params: user, body: { ...why, confirm: username } }), operation: () => "snapshot", asked: "a snapshot is queued" });
  },
};
