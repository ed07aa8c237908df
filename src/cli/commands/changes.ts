import type { CliCommand } from "../command.ts";
import { moment, table } from "../output.ts";
import { withService } from "../service-client/api.ts";
import { adminPath } from "../service-client/paths.ts";

type Declared = Readonly<Record<string, string | number>>;
interface Change {
  readonly changeId: number;
  readonly kind: string;
  readonly vmId: number;
  readonly before: Declared;
  readonly after: Declared;
  readonly requestedBy: string;
  readonly reason: string;
  readonly requestedAt: string;
  readonly paidUntil: string | null;
  readonly outcome: string | null;
}

/** GET /api/admin/vps/{username}/changes */
export const changes: CliCommand<object> = {
  usage: "changes <username>",
  summary: "What operators have changed of a user's VPS, newest first",
  examples: ["changes alice"],
  async run(invocation) {
    const [username = ""] = invocation.args;
    return withService(invocation, async (service) => {
      invocation.progress.say(`asking the service for ${username}`);
      const { items } = await service.get<{ items: Change[] }>(adminPath(username, "/changes"));
      const rows = items.map((change) => [change.changeId, change.kind, change.vmId, differences(change), change.requestedBy, change.reason, moment(change.requestedAt), change.outcome ?? "goes on", moment(change.paidUntil)]);
      return { data: items, text: table(["CHANGE", "KIND", "VM", "WHAT", "BY", "WHY", "ASKED (UTC)", "OUTCOME", "OLD VM PAID UNTIL"], rows) };
    });
  },
};

function differences({ before, after }: Change): string {
  return Object.keys(after).filter((name) => before[name] !== after[name]).map((name) => `${name} ${before[name]} -> ${after[name]}`).join(", ");
}
