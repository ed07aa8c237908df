import { UserVpsError } from "../../../providers/core/errors.ts";
import type { AdminVpsView } from "../../http/vps-view.ts";
import type { CliCommand } from "../command.ts";
import { ORDER_OPTIONS, orderForUser } from "../service-client/order.ts";
import type { OrderOptions } from "../service-client/order.ts";

function neededReason({ reason }: OrderOptions): { readonly reason: string } {
  if (reason) return { reason };
  throw new UserVpsError("INPUT_INVALID", "It is not said why.", { next: "Use --reason 'the reason': it is recorded, and the user is told." });
}

/** POST /api/admin/vps/{username}/suspend */
export const suspend: CliCommand<OrderOptions> = {
  usage: "suspend <username>",
  summary: "Suspend a user: the VM is stopped, nothing is wiped",
  details: "Sweeps, repairs and releases leave the user alone, and nothing starts the VM, until `resume`. It is renewed as before. The user can read the reason.",
  options: ORDER_OPTIONS,
  examples: ["suspend alice --reason 'abuse report 4711'"],
  async run(invocation) {
    const body = neededReason(invocation.options);
    return orderForUser(invocation, invocation.args[0]!, { ask: (service, user) => service.POST("/api/admin/vps/{username}/suspend", { params: user, body }), operation: ({ vmId }) => (vmId === null ? undefined : "power"), asked: ({ vmId }) => (vmId === null ? "there is no VM to stop" : "the VM is being stopped") });
  },
};

/** A recreate or replace is open, with which a resume does not go on, and there is no VM that could be started. */
function isLeftAsItWas({ status, vmId }: AdminVpsView): boolean {
  return status === "failed" && vmId === null;
}

/** POST /api/admin/vps/{username}/resume */
export const resume: CliCommand<OrderOptions> = {
  usage: "resume <username>",
  summary: "Resume a suspended user: the VM is started, and the VPS is ready once it is healthy",
  options: ORDER_OPTIONS,
  examples: ["resume alice --reason 'settled' --follow"],
  async run(invocation) {
    const body = neededReason(invocation.options);
    return orderForUser(invocation, invocation.args[0]!, { ask: (service, user) => service.POST("/api/admin/vps/{username}/resume", { params: user, body }), operation: (vps) => (isLeftAsItWas(vps) ? undefined : vps.status === "failed" ? "power" : "up"), asked: (vps) => (isLeftAsItWas(vps) ? "there is no VM to start" : "the VM is being started") });
  },
};
