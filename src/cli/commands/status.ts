import { isBusy, VPS_STATUSES } from "../../records/vps-record.ts";
import type { CliCommand, Invocation, Result } from "../command.ts";
import { fields, moment, table } from "../output.ts";
import { withRecords } from "../records.ts";
import { answer, withService } from "../service-client/api.ts";
import { statusLine, usualTime } from "../user-record.ts";
import { overviewText } from "./purchases.ts";

export const status: CliCommand<object> = {
  usage: "status [username]",
  summary: "How far a user's VPS is; without a name, how the fleet is",
  details: "Of the service at USER_VPS_URL; a user's, without that setting, of the service's database, whether or not the service runs.",
  examples: ["status", "status alice", "status alice --json"],
  run: (invocation) => (invocation.args[0] === undefined ? ofFleet(invocation) : ofUser(invocation, invocation.args[0])),
};

async function ofUser(invocation: Invocation, username: string): Promise<Result> {
  invocation.progress.say("asking");
  return withRecords(invocation, username, async (records) => {
    invocation.progress.say(records.asking);
    const vps = await records.vps();
    const isOver = !isBusy(vps.status);
    const head = fields({
      user: vps.username,
      status: statusLine(vps),
      next: vps.failure?.next,
      "in the queue": vps.queue ? `${vps.queue.position} of ${vps.queue.total}` : undefined,
      ready: isOver ? undefined : usualTime(vps),
      url: vps.url,
      address: vps.address,
      vm: vps.vmId,
      plan: vps.plan,
      "data center": [vps.dataCenter.id, vps.dataCenter.city].filter(Boolean).join(" "),
      credentials: vps.credentials,
      "requested (UTC)": moment(vps.requestedAt),
      // What it was before says nothing of now.
      [vps.status === "ready" ? "ready (UTC)" : "was ready (UTC)"]: moment(vps.readyAt),
    });
    // What has come to rest does not go on, whatever its last run left open.
    const stateOf = (endedAt: string | null) => (endedAt ? "done" : isOver ? "stopped" : "goes on");
    const phases = table(["PHASE", "BEGAN (UTC)", "SECONDS", ""], vps.phases.map((phase) => [phase.phase, moment(phase.startedAt), phase.seconds.toFixed(1), stateOf(phase.endedAt)]));
    return { data: vps, text: vps.phases.length > 0 ? `${head}\n\n${phases}` : head };
  });
}

/** GET /api/admin/numbers, /api/admin/purchases/overview */
async function ofFleet(invocation: Invocation): Promise<Result> {
  invocation.progress.say("asking the service");
  return withService(invocation, async (service) => {
    const [{ users }, overview] = await Promise.all([answer(service.GET("/api/admin/numbers")), answer(service.GET("/api/admin/purchases/overview"))]);
    const counts = VPS_STATUSES.filter((one) => users[one] > 0).map((one) => [one, users[one]] as const);
    return { data: { users, purchases: overview }, text: `${table(["STATUS", "USERS"], counts, "nobody has asked for a VPS yet")}\n\n${overviewText(overview)}` };
  });
}
