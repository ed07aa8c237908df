import type { CliCommand } from "../command.ts";
import { ORDER_OPTIONS, orderForUser } from "../service-client/order.ts";
import type { OrderOptions } from "../service-client/order.ts";

/** POST /api/admin/vps/{username}/rotate-credentials */
export const rotate: CliCommand<OrderOptions> = {
  usage: "rotate <username>",
  summary: "Make a user a new password and JWT secret",
  details: "The old ones stop working when `up` has changed them. The user can then be shown the new ones; nobody else is. Who is failed and has a VM is tried again with them.",
  options: ORDER_OPTIONS,
  examples: ["rotate alice", "rotate alice --follow"],
  run: (invocation) => orderForUser(invocation, invocation.args[0]!, { ask: (service, user, why) => service.POST("/api/admin/vps/{username}/rotate-credentials", { params: user, body: why }), operation: () => "up", asked: "new credentials are asked for" }),
};
