import { DEFAULT_TEMPLATE_ID } from "../../../providers/hostinger/api/specification.ts";
import type { CliCommand, OptionDescription } from "../command.ts";
import { confirmTyped } from "../confirm.ts";
import { withHostinger } from "../hostinger/open-client.ts";
import { PASSWORD_FILE_OPTION, rootPassword } from "../hostinger/root-password.ts";
import { id } from "../argument-values.ts";
import { nameOf } from "../hostinger/vm-view.ts";

interface Options {
  readonly template?: number;
  readonly script?: number;
  readonly passwordFile?: string;
  readonly confirm?: string;
}

const OPTIONS: readonly OptionDescription[] = [
  { flags: "--template <id>", description: "operating system (default: the one it has)", parse: id },
  { flags: "--script <id>", description: "post-install script to run", parse: id },
  PASSWORD_FILE_OPTION,
  { flags: "--confirm <host-name>", description: "the VM's host name, in place of typing it" },
];

/** POST /api/vps/v1/virtual-machines/{id}/recreate */
export const vmRecreate: CliCommand<Options> = {
  usage: "vm recreate <vm-id>",
  summary: "Wipe a VM and install it anew: all its data is lost",
  details: "For a VM of a stack use the stack's setting allowRecreateOf instead, so that the stack knows of it.",
  options: OPTIONS,
  examples: ["vm recreate 17923", "vm recreate 17923 --template 1007 --script 12345 --confirm test.spoq.dev"],
  async run(invocation) {
    const vmId = id(invocation.args[0]!);
    const { options, progress } = invocation;
    return withHostinger(invocation, async (session) => {
      const { client, signal } = session;
      progress.say(`asking Hostinger for VM ${vmId}`);
      const vm = await client.virtualMachines.get(vmId, { signal });
      const templateId = options.template ?? vm.template?.id ?? DEFAULT_TEMPLATE_ID;
      const { password, save } = await rootPassword(options.passwordFile);
      progress.end();
      const expected = vm.hostname || String(vmId);
      await confirmTyped({ what: `VM ${vmId} (${nameOf(vm)}, ${vm.state}) will be wiped: all its data is lost.`, expected, given: options.confirm, option: `--confirm ${expected}` });
      await save();
      const { runAction } = await import("../../../providers/hostinger/run-action.ts");
      await runAction(session, { vmId, hostname: nameOf(vm) }, `wiping VM ${vmId} and installing template ${templateId}`, () => client.virtualMachines.recreate(vmId, {
        templateId, password, ...(options.script !== undefined && { postInstallScriptId: options.script }),
      }));
      const after = await client.virtualMachines.get(vmId, { signal });
      return { data: { action: "recreate", vm: after, passwordFile: options.passwordFile ?? null }, text: `${nameOf(after)}: VM ${vmId} is installed anew, it is ${after.state}.` };
    });
  },
};
