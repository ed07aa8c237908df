import type { GivenUpVmView } from "../../http/routes/given-up-vms.ts";
import type { CliCommand } from "../command.ts";
import { moment, table } from "../output.ts";
import { withService } from "../service/api.ts";
import { allPages } from "../service/paths.ts";

const SHOWN = 50;

/** GET /api/admin/given-up-vms */
export const givenUp: CliCommand<{ all?: true }> = {
  usage: "given-up",
  summary: "What was given up, by whom and why, and what stays paid until when",
  details: "Newest first. Without a time in WIPED the user's data may still be on the VM.",
  options: [{ flags: "--all", description: `all of them (default: the last ${SHOWN})` }],
  examples: ["given-up", "given-up --all --json"],
  async run(invocation) {
    invocation.progress.say("asking the service");
    const found = await withService(invocation, async (service) => (invocation.options.all
      ? allPages<GivenUpVmView>(service, "/api/admin/given-up-vms")
      : (await service.get<{ items: GivenUpVmView[] }>(`/api/admin/given-up-vms?limit=${SHOWN}`)).items));
    const rows = found.map((one) => [one.username, one.vmId, stage(one), moment(one.wipedAt), moment(one.paidUntil), one.reusedBy, one.requestedBy, one.reason]);
    return { data: found, text: table(["USER", "VM", "STAGE", "WIPED (UTC)", "PAID UNTIL (UTC)", "REUSED BY", "ASKED FOR BY", "REASON"], rows) };
  },
};

function stage({ cancelledAt, endedAt, startedAt, dueAt }: GivenUpVmView): string {
  if (cancelledAt) return "cancelled";
  if (endedAt) return `ended ${moment(endedAt)}`;
  return startedAt ? "goes on" : `due ${moment(dueAt)}`;
}
