import type { GivenUpVmView } from "../../http/routes/given-up-vms.ts";
import type { CliCommand } from "../command.ts";
import { moment, shortened, table } from "../output.ts";
import { answer, withService } from "../service-client/api.ts";
import { allPages } from "../service-client/paths.ts";

const SHOWN = 50;

/** GET /api/admin/given-up-vms */
export const givenUp: CliCommand<{ all?: true }> = {
  usage: "given-up",
  summary: "What was given up, by whom and why, and what stays paid until when",
  details: "Newest first. Without a time in WIPED the user's data may still be on the VM. MAY BE RENEWED: it is not known which subscription pays the VM; switch its renewal off in the Hostinger panel.",
  options: [{ flags: "--all", description: `all of them (default: the last ${SHOWN})` }],
  examples: ["given-up", "given-up --all --json"],
  async run(invocation) {
    invocation.progress.say("asking the service");
    const found = await withService(invocation, async (service) => (invocation.options.all
      ? allPages((query) => service.GET("/api/admin/given-up-vms", { params: { query } }))
      : (await answer(service.GET("/api/admin/given-up-vms", { params: { query: { limit: SHOWN } } }))).items));
    const rows = found.map((one) => [one.username, one.vmId, stage(one), wiped(one), paid(one), one.reusedBy, one.requestedBy, one.reason]);
    return { data: found, text: table(["USER", "VM", "STAGE", "WIPED (UTC)", "PAID UNTIL (UTC)", "REUSED BY", "ASKED FOR BY", "REASON"], rows) };
  },
};

/** A VM whose state allows no wipe keeps its data, which is told. */
function wiped({ wipedAt, notWipedBecause }: GivenUpVmView): string | undefined {
  return moment(wipedAt) ?? (notWipedBecause === null ? undefined : `no: ${shortened(notWipedBecause)}`);
}

function paid({ paidUntil, renewal }: GivenUpVmView): string | undefined {
  return renewal === "unknown" ? "MAY BE RENEWED" : moment(paidUntil);
}

function stage({ cancelledAt, endedAt, startedAt, dueAt }: GivenUpVmView): string {
  if (cancelledAt) return "cancelled";
  if (endedAt) return `ended ${moment(endedAt)}`;
  return startedAt ? "goes on" : `due ${moment(dueAt)}`;
}
