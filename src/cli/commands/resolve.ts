import { UserVpsError } from "../../../providers/core/errors.ts";
import type { AdminVpsView } from "../../http/vps-view.ts";
import type { Operation } from "../../records/index.ts";
import type { CliCommand } from "../command.ts";
import { answer } from "../service-client/api.ts";
import type { ServiceApi } from "../service-client/api.ts";
import { orderForUser, ORDER_OPTIONS } from "../service-client/order.ts";
import type { OrderOptions } from "../service-client/order.ts";
import { id } from "../argument-values.ts";

type Options = OrderOptions & { readonly vm?: number; readonly buyAgain?: true; readonly giveUp?: true };

/** POST /api/admin/vps/{username}/resolve */
export const resolve: CliCommand<Options> = {
  usage: "resolve <username>",
  summary: "Decide about a purchase of which nobody knows whether it was made (PURCHASE_UNCERTAIN)",
  details: "Look into the orders in the Hostinger panel first, and name one of --vm, --buy-again and --give-up, with --reason. Who decided and why is recorded. --buy-again buys.",
  options: [
    { flags: "--vm <id>", description: "it was made, and has become this VM", parse: id },
    { flags: "--buy-again", description: "it was not made: the user buys in turn" },
    { flags: "--give-up", description: "it is not looked for any more, and nothing is bought" },
    ...ORDER_OPTIONS,
  ],
  examples: ["resolve alice --vm 17923 --reason 'order 8471 in hPanel'", "resolve alice --buy-again --reason 'hPanel has no order'", "resolve alice --give-up --reason 'left the company'"],
  async run(invocation) {
    const { args: [username = ""], options: { vm, buyAgain, giveUp, reason } } = invocation;
    const given = [vm !== undefined && { decision: "vm" as const, vmId: vm }, buyAgain && { decision: "buy-again" as const }, giveUp && { decision: "give-up" as const }].filter((one) => one !== false && one !== undefined);
    const [body] = given;
    if (given.length !== 1 || !body) throw new UserVpsError("INPUT_INVALID", "Expected exactly one of --vm, --buy-again and --give-up.");
    if (!reason) throw new UserVpsError("INPUT_INVALID", "Expected --reason: why it is so, for the record.");
    return orderForUser(invocation, username, { ask: (service, user) => service.POST("/api/admin/vps/{username}/resolve", { params: user, body: { ...body, reason } }), operation: followedBy, asked: `it is decided (${body.decision})` });
  },
};

/** Of a user who is given up, what comes next waits for the end of the grace period. */
async function followedBy({ username, status }: AdminVpsView, service: ServiceApi): Promise<Operation | undefined> {
  if (status !== "deprovisioning") return "up";
  const { items: [giveUp] } = await answer(service.GET("/api/admin/given-up-vms", { params: { query: { username, limit: 1 } } }));
  return giveUp?.startedAt === null ? undefined : "destroy";
}
