import { DEFAULT_DATA_CENTER_ID, DEFAULT_PLAN_ID, DEFAULT_TEMPLATE_ID } from "../../../providers/hostinger/api/specification.ts";
import { UserVpsError } from "../../../providers/core/errors.ts";
import type { VirtualMachine } from "../../../providers/hostinger/api/client.ts";
import type { CliCommand, OptionDescription } from "../command.ts";
import { withHostinger } from "../hostinger/open-client.ts";
import { agreeToPrice } from "../hostinger/agree-to-price.ts";
import { PASSWORD_FILE_OPTION, rootPassword } from "../hostinger/root-password.ts";
import { id, wholeNumber } from "../argument-values.ts";
import { vmText } from "../hostinger/vm-view.ts";
import type { VmOptions } from "../hostinger/vm-wish.ts";

interface Options extends VmOptions {
  readonly passwordFile?: string;
  readonly yes?: true;
  readonly maxPriceCents?: number;
}

const OPTIONS: readonly OptionDescription[] = [
  { flags: "--plan <item>", description: `catalog item or name, as \`plans\` shows (default: DEFAULT_VPS_PLAN, else ${DEFAULT_PLAN_ID})` },
  { flags: "--data-center <id>", description: `as \`data-centers\` shows (default: DEFAULT_VPS_DATACENTER, else ${DEFAULT_DATA_CENTER_ID})`, parse: id },
  { flags: "--template <id>", description: `as \`templates\` shows (default: DEFAULT_VPS_TEMPLATE, else ${DEFAULT_TEMPLATE_ID})`, parse: id },
  { flags: "--script <id>", description: "post-install script to run at first boot", parse: id },
  { flags: "--ssh-key-file <file>", description: "public key that may log in as root" },
  PASSWORD_FILE_OPTION,
  { flags: "--no-backups", description: "without weekly backups" },
  { flags: "--payment-method <id>", description: "what pays for it (default: the account's)", parse: id },
  { flags: "--yes", description: "do not ask; needs --max-price-cents" },
  { flags: "--max-price-cents <cents>", description: "buy only if no period costs more, the first and later ones", parse: wholeNumber },
];

/** POST /api/vps/v1/virtual-machines, as safely as a stack does it: at most once a host name. */
export const vmCreate: CliCommand<Options> = {
  usage: "vm create <host-name>",
  summary: "Buy a VM and wait until it runs; this costs money",
  details: "Shows the price and asks. If a VM has the host name already, nothing is bought and nothing of it changed; a purchase that was interrupted is gone on with. There is no way to give a VM back before its term ends.",
  options: OPTIONS,
  examples: ["vm create test.spoq.dev --plan kvm1 --data-center 9", "vm create test.spoq.dev --yes --max-price-cents 1500 --password-file test.password"],
  async run(invocation) {
    const { options, env, progress } = invocation;
    const hostname = invocation.args[0]!.toLowerCase();
    const [{ closePurchase, obtainVm, purchaseOfVm }, { findByHostname, refuseMismatch }, { waitForRunning }, { resolveWish }] = await Promise.all([
      import("../../../providers/hostinger/purchase/index.ts"), import("../../../providers/hostinger/search.ts"), import("../../../providers/hostinger/wait-for-running.ts"), import("../hostinger/vm-wish.ts"),
    ]);
    return withHostinger(invocation, async (session) => {
      const { password, save } = await rootPassword(options.passwordFile);
      progress.say("asking Hostinger for prices, data centers, templates and VMs");
      const [{ inputs, price }, present] = await Promise.all([resolveWish(session, { hostname, rootPassword: password, options, env }), findByHostname(session, hostname)]);
      progress.end();
      if (!present) {
        await agreeToPrice({ hostname, price, yes: options.yes ?? false, maxPriceCents: options.maxPriceCents });
        await save();
      }
      const adopted = async (there: VirtualMachine) => {
        refuseMismatch(inputs, there);
        return { vmId: there.id, how: "adopted", orderId: undefined, recordId: await purchaseOfVm(session, inputs, there) } as const;
      };
      const acquired = present ? await adopted(present) : await obtainVm(session, inputs, { hasOwnScript: false }).catch(async (error: unknown) => {
        // Somebody else has bought it under this name meanwhile, and is done with it.
        const since = error instanceof UserVpsError && error.code === "VM_NOT_OURS" ? await findByHostname(session, hostname) : undefined;
        if (!since) throw error;
        return await adopted(since);
      });
      const vm = await waitForRunning(session, acquired.vmId, inputs).catch((error: unknown) => {
        throw stillThere(error, acquired.vmId);
      });
      // Nothing but its host name is remembered of it here, and by that it is found.
      if (acquired.recordId !== undefined) await closePurchase(session, acquired.recordId);
      const bought = acquired.how === "bought";
      const text = `${bought ? `Bought${acquired.orderId ? `, order ${acquired.orderId}` : ""}:` : "It was there already, nothing was bought:"}\n${vmText(vm)}`;
      return { data: { how: acquired.how, orderId: acquired.orderId ?? null, vm, passwordFile: bought ? (options.passwordFile ?? null) : null }, text };
    });
  },
};

/** Whoever interrupts the wait should know that the VM is there, and paid. */
function stillThere(error: unknown, vmId: number): unknown {
  if (!(error instanceof UserVpsError) || error.code !== "CANCELLED") return error;
  return new UserVpsError("CANCELLED", `VM ${vmId} is there, but nobody waits for it any more.`, { next: `\`user-vps vm get ${vmId}\` tells how far it is.` });
}
