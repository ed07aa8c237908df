import type { AdminVpsView } from "../../http/vps-view.ts";
import { isBusy } from "../../records/vps-record.ts";
import type { CliCommand } from "../command.ts";
import { withService } from "../service-client/api.ts";
import { adminPath } from "../service-client/paths.ts";
import { REASON_OPTION } from "../service-client/order.ts";
import { statusLine } from "../user-record.ts";

/** POST /api/admin/vps/{username}/cancel */
export const cancel: CliCommand<{ readonly reason?: string }> = {
  usage: "cancel <username>",
  summary: "End what is being done for a user; what is there stays",
  details: "`retry` goes on with it. A VPS that is to be given up stays as it was, if its grace period is not over.",
  options: [REASON_OPTION],
  examples: ["cancel alice"],
  async run(invocation) {
    const [username = ""] = invocation.args;
    const path = adminPath(username, "/cancel");
    invocation.progress.say(`${username}: asking the service`);
    const { reason } = invocation.options;
    const vps = await withService(invocation, (service) => service.post<AdminVpsView>(path, { ...(reason !== undefined && { reason }) }));
    const isStopping = isBusy(vps.status);
    return { data: { vps }, text: isStopping ? `${username}: it is being ended; so far it is ${statusLine(vps)}.` : `${username}: ${statusLine(vps)}.` };
  },
};
