import type { Declared } from "../../records/index.ts";
import type { CliCommand } from "../command.ts";
import { moment, table } from "../output.ts";
import { withService } from "../service-client/api.ts";
import { allPages, ofUser } from "../service-client/paths.ts";

/** GET /api/admin/vps/{username}/changes */
export const changes: CliCommand<object> = {
  usage: "changes <username>",
  summary: "What operators have changed of a user's VPS, newest first",
  examples: ["changes alice"],
  async run(invocation) {
    const [username = ""] = invocation.args;
    const path = ofUser(username);
    return withService(invocation, async (service) => {
      invocation.progress.say(`asking the service for ${username}`);
      const items = await allPages((query) => service.GET("/api/admin/vps/{username}/changes", { params: { path, query } }));
      const rows = items.map((change) => [change.changeId, change.kind, change.vmId, differences(change), change.requestedBy, change.reason, moment(change.requestedAt), change.outcome ?? "goes on", moment(change.paidUntil)]);
      return { data: items, text: table(["CHANGE", "KIND", "VM", "WHAT", "BY", "WHY", "ASKED (UTC)", "OUTCOME", "OLD VM PAID UNTIL"], rows) };
    });
  },
};

function differences({ before, after }: { readonly before: Declared; readonly after: Declared }): string {
  return (["plan", "dataCenterId", "templateId", "hostname"] as const).filter((name) => before[name] !== after[name]).map((name) => `${name} ${before[name]} -> ${after[name]}`).join(", ");
}
