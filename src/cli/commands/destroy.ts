import { ALLOW_DELETE_VARIABLE } from "../../../providers/hostinger/allow-delete.ts";
import { parseUsername } from "../../../stacks/username.ts";
import type { CliCommand } from "../command.ts";
import { confirmTyped } from "../confirm.ts";
import { openPurchases } from "../user-stack/open-purchases.ts";
import { withUserStack } from "../user-stack/user-stack.ts";

/** `pulumi destroy` on the user's stack, protection and all. */
export const destroy: CliCommand<{ confirm?: string }> = {
  usage: "destroy <username>",
  summary: "Give a user's VPS up and remove its stack",
  details: "Stops the VM, ends its auto-renewal, removes the DNS record and the script. The VM stays paid until its term ends. For a user whom the service knows use `deprovision`, which keeps the record right.",
  options: [{ flags: "--confirm <username>", description: "the user name again, in place of typing it" }],
  examples: ["destroy alice", "destroy alice --confirm alice"],
  async run(invocation) {
    const username = parseUsername(invocation.args[0]!);
    return withUserStack(invocation, { instead: (name) => `\`user-vps deprovision ${name}\` has the service give it up.` }, async (stack) => {
      await confirmTyped({ what: `The VPS of ${username} will be given up: its VM is stopped, its name is gone.`, expected: username, given: invocation.options.confirm, option: `--confirm ${username}` });
      // A DNS record that is gone already makes a destroy fail unless it is looked for first.
      await stack.inFront(["destroy", "--ignore-protect", "--yes", "--refresh", "--skip-preview"], { [ALLOW_DELETE_VARIABLE]: "true" });
      const { purchases, lines } = await openPurchases(stack, invocation);
      await stack.quietly("stack", "rm", "--remove-backups", "--yes");
      const open = purchases.map(({ vmId, orderId, subscriptionId, recordId }) => ({ recordId, vmId: vmId ?? null, orderId: orderId ?? null, subscriptionId: subscriptionId ?? null }));
      return { data: { username, destroyed: true, ...(lines.length > 0 && { openPurchases: open }) }, text: [`The VPS of ${username} is given up, its stack is gone.`, ...lines].join("\n") };
    });
  },
};
