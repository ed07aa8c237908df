import type { CliCommand } from "../command.ts";
import { confirmTyped } from "../confirm.ts";
import { withHostinger } from "../hostinger/open-client.ts";
import { id } from "../argument-values.ts";

/** DELETE /api/vps/v1/post-install-scripts/{id} */
export const scriptDelete: CliCommand<{ confirm?: string }> = {
  usage: "script delete <script-id>",
  summary: "Remove a post-install script from the account",
  details: "VMs that were set up with it stay as they are. A script that belongs to a stack is made again by its next `up`.",
  options: [{ flags: "--confirm <script-id>", description: "the id again, in place of typing it" }],
  examples: ["script delete 12345", "script delete 12345 --confirm 12345"],
  async run(invocation) {
    const scriptId = id(invocation.args[0]!);
    return withHostinger(invocation, async ({ client, signal }) => {
      invocation.progress.say(`asking Hostinger for script ${scriptId}`);
      const { name } = await client.scripts.get(scriptId, { signal });
      invocation.progress.end();
      const { hostnameOfRecord } = await import("../../../providers/hostinger/purchase/record.ts");
      const purchase = hostnameOfRecord(name);
      // By hand, it is for a purchase of which nobody knows any more.
      const warning = purchase === undefined ? "" : ` It is the record of a purchase for ${purchase}: without it a second VM may be bought. \`user-vps resolve\` ends a user's purchase.`;
      await confirmTyped({ what: `Script ${scriptId} '${name}' will be removed.${warning}`, expected: String(scriptId), given: invocation.options.confirm, option: `--confirm ${scriptId}` });
      invocation.progress.say(`removing script ${scriptId}`);
      await client.scripts.delete(scriptId, { signal });
      return { data: { id: scriptId, name, deleted: true }, text: `Script ${scriptId} '${name}' is removed.` };
    });
  },
};
