import type { CliCommand } from "../command.ts";
import { withRecords } from "../database.ts";
import { fields, moment, table } from "../output.ts";
import { isBusy } from "../../records/vps-record.ts";
import { recordOf, statusLine } from "../user-record.ts";
import { usualTime } from "../usual-time.ts";

/** What the service's database knows of a user; no service has to run. */
export const status: CliCommand<object> = {
  usage: "status <username>",
  summary: "How far a user's VPS is",
  details: "Reads the service's database: DATABASE_URL, or the service's own PostgreSQL on this machine.",
  examples: ["status alice", "status alice --json"],
  async run({ args, env, progress }) {
    progress.say("asking the database");
    const { readVpsView } = await import("../../http/vps-view.ts");
    return withRecords(env, async (pool) => {
      const vps = await readVpsView(pool, await recordOf(pool, args[0]!));
      const head = fields({
        user: vps.username,
        status: statusLine(vps),
        next: vps.failure?.next,
        ready: isBusy(vps.status) ? await usualTime(pool) : undefined,
        url: vps.url,
        address: vps.address,
        vm: vps.vmId,
        plan: vps.plan,
        "data center": [vps.dataCenter.id, vps.dataCenter.city].filter(Boolean).join(" "),
        credentials: vps.credentials,
        "requested (UTC)": moment(vps.requestedAt),
        "ready (UTC)": moment(vps.readyAt),
      });
      const phases = table(["PHASE", "BEGAN (UTC)", "SECONDS", ""], vps.phases.map((phase) => [phase.phase, moment(phase.startedAt), phase.seconds.toFixed(1), phase.endedAt ? "done" : "goes on"]));
      return { data: vps, text: vps.phases.length > 0 ? `${head}\n\n${phases}` : head };
    });
  },
};
