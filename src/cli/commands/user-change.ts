/** Changes of a VPS that is there, by the service: each wipes, buys or renames, and is confirmed by typing the user name. */
import { DATA_CENTERS, findPlan, PLANS } from "../../../providers/hostinger/api/specification.ts";
import { UserVpsError } from "../../../providers/core/errors.ts";
import type { AdminVpsView } from "../../http/vps-view.ts";
import type { CliCommand, Invocation, OptionDescription, Result } from "../command.ts";
import { confirmTyped } from "../confirm.ts";
import { money } from "../output.ts";
import { answer, withService, type ServiceApi } from "../service-client/api.ts";
import { ORDER_OPTIONS, orderForUser } from "../service-client/order.ts";
import type { OrderOptions, UserOrder } from "../service-client/order.ts";
import { ofUser } from "../service-client/paths.ts";
import { id } from "../argument-values.ts";

type Confirmed = OrderOptions & { readonly confirm?: string };

const CONFIRMED: readonly OptionDescription[] = [{ flags: "--confirm <username>", description: "the user name again, in place of typing it" }, ...ORDER_OPTIONS];

interface Change {
  readonly send: (service: ServiceApi, user: { readonly path: { readonly username: string } }, confirmed: { readonly confirm: string; readonly reason?: string }) => ReturnType<UserOrder["ask"]>;
  /** What would happen to the user's VPS, in a sentence or two. */
  readonly what: (vps: AdminVpsView) => string;
  readonly asked: string;
}

async function ask(invocation: Invocation<Confirmed>, { send, what, asked }: Change): Promise<Result> {
  const { args: [username = ""], options, progress } = invocation;
  progress.say(`${username}: asking the service`);
  const vps = await withService(invocation, (service) => answer(service.GET("/api/admin/vps/{username}", { params: { path: ofUser(username) } })));
  progress.end();
  await confirmTyped({ what: what(vps), expected: username, given: options.confirm, option: `--confirm ${username}` });
  return orderForUser(invocation, username, { ask: (service, user, why) => send(service, user, { ...why, confirm: username }), operation: () => "up", asked });
}

export const recreate: CliCommand<Confirmed & { template?: number }> = {
  usage: "recreate <username>",
  summary: "Wipe a user's VM and install it anew: all its data is lost",
  details: "Address, host name and credentials stay. Also the way to another operating system.",
  options: [{ flags: "--template <id>", description: "another operating system, see `user-vps templates`", parse: id }, ...CONFIRMED],
  examples: ["recreate alice --reason 'broken beyond repair'", "recreate alice --template 1002 --confirm alice"],
  run: (invocation) => ask(invocation, {
    send: (service, user, confirmed) => service.POST("/api/admin/vps/{username}/recreate", { params: user, body: { ...confirmed, ...(invocation.options.template !== undefined && { templateId: invocation.options.template }) } }),
    what: ({ username, vmId }) => `VM ${vmId} of ${username} will be wiped, with all the user's data, and installed anew.`,
    asked: "the wipe is queued",
  }),
};

export const replace: CliCommand<Confirmed & { plan?: string; dataCenter?: number }> = {
  usage: "replace <username>",
  summary: "Buy a user another VM: another plan or data center, or in place of one that is gone",
  details: "The new VM is installed beside the old one; then the DNS record leads to it, and the old one is stopped and not renewed. Data is not copied: it stays on the old VM until its paid term ends.",
  options: [
    { flags: "--plan <plan>", description: `${PLANS.map(({ id: plan }) => plan).join(", ")}, or another of \`user-vps plans\`` },
    { flags: "--data-center <id>", description: DATA_CENTERS.map(({ id: center, city }) => `${center} ${city}`).join(", ").concat(", or another of `user-vps data-centers`"), parse: id },
    ...CONFIRMED,
  ],
  examples: ["replace alice --plan kvm2", "replace alice --data-center 19 --reason 'moved to Europe' --confirm alice"],
  async run(invocation) {
    const { plan, dataCenter } = invocation.options;
    // A newer plan is known to Hostinger alone; the service refuses what it does not offer.
    if (plan !== undefined && !findPlan(plan) && !/[ -]/.test(plan)) throw new UserVpsError("INPUT_INVALID", `Expected one of the plans ${PLANS.map(({ id: known }) => known).join(", ")}, or an item or name of Hostinger's catalog, got '${plan}'.`, { next: "`user-vps plans` shows what there is." });
    return ask(invocation, {
      send: (service, user, confirmed) => service.POST("/api/admin/vps/{username}/replace", { params: user, body: { ...confirmed, ...(plan !== undefined && { plan: findPlan(plan)?.itemId ?? plan }), ...(dataCenter !== undefined && { dataCenterId: dataCenter }) } }),
      what: (vps) => `${purchaseOf(vps, plan)} The data of ${vps.username} is not copied: it stays on VM ${vps.vmId}, which is stopped and not renewed.`,
      asked: "another VM is asked for",
    });
  },
};

/** By the specification's prices; `user-vps plans` has today's. */
function purchaseOf({ plan: present }: AdminVpsView, plan: string | undefined): string {
  const wanted = findPlan(plan ?? present);
  if (!wanted) return "Another VM will be bought.";
  return `A ${wanted.planName} will be bought (list price ${money(wanted.firstMonthPriceCents, "USD")} for the first month, then ${money(wanted.monthlyPriceCents, "USD")}).`;
}

export const rename: CliCommand<Confirmed & { withoutCertificate?: boolean }> = {
  usage: "rename <username> <host-name>",
  summary: "Give a user's VPS another host name, in place",
  details: "The old name leads nowhere afterwards. The user name, which names the stack, stays.",
  options: [{ flags: "--without-certificate", description: "also while no certificate is left this week: it is not reached until there is one" }, ...CONFIRMED],
  examples: ["rename alice alicia.spoq.dev"],
  run: (invocation) => ask(invocation, {
    send: (service, user, confirmed) => service.POST("/api/admin/vps/{username}/rename", { params: user, body: { ...confirmed, hostname: invocation.args[1]!, ...(invocation.options.withoutCertificate && { withoutCertificate: true }) } }),
    what: ({ username, hostname }) => `The VPS of ${username} will be ${invocation.args[1]}; ${hostname} will lead nowhere.`,
    asked: "the new host name is queued",
  }),
};
