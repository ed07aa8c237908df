import type { CliCommand } from "../command.ts";
import { ORDER_OPTIONS, orderForUser } from "../service/order.ts";
import type { OrderOptions } from "../service/order.ts";

/** POST /api/admin/vps/{username}/retry */
export const retry: CliCommand<OrderOptions> = {
  usage: "retry <username>",
  summary: "Try again what failed for a user",
  details: "Goes on with what is there; nothing is bought twice. What failed while it was given up is given up further.",
  options: ORDER_OPTIONS,
  examples: ["retry alice", "retry alice --follow --timeout 300"],
  run: (invocation) => orderForUser(invocation, invocation.args[0]!, { path: "retry", operation: ({ status }) => (status === "deprovisioning" ? "destroy" : "up"), asked: "it is tried again" }),
};
