import { UserVpsError } from "../../../providers/core/errors.ts";
import { POWER_ACTIONS } from "../../provisioning/operation.ts";
import type { CliCommand } from "../command.ts";
import { ORDER_OPTIONS, orderForUser } from "../service-client/order.ts";
import type { OrderOptions } from "../service-client/order.ts";

/** POST /api/admin/vps/{username}/start, stop, restart */
export const power: CliCommand<OrderOptions> = {
  usage: "power <action> <username>",
  summary: "Start, stop or restart a user's VM",
  details: "A stopped VM stays paid, and the next sweep finds it. By its id, without the service: `vm start`, `vm stop`, `vm restart`.",
  options: ORDER_OPTIONS,
  examples: ["power restart alice --follow", "power stop alice", "power start alice"],
  async run(invocation) {
    const [wished, username] = invocation.args;
    const action = POWER_ACTIONS.find((one) => one === wished);
    if (!action) throw new UserVpsError("INPUT_INVALID", `Expected one of ${POWER_ACTIONS.join(", ")}, got '${wished}'.`);
    return orderForUser(invocation, username!, { ask: (service, user, why) => service.POST(`/api/admin/vps/{username}/${action}`, { params: user, body: why }), operation: () => "power", asked: `${action} of the VM is queued` });
  },
};
