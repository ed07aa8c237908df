import { UserVpsError } from "../../../providers/core/errors.ts";
import { parseUsername } from "../../../stacks/username.ts";
import type { GivenUpVmView } from "../../http/routes/given-up-vms.ts";
import type { AdminVpsView } from "../../http/vps-view.ts";
import type { CliCommand, OptionDescription } from "../command.ts";
import { confirmTyped } from "../confirm.ts";
import { moment } from "../output.ts";
import { answer, withService } from "../service-client/api.ts";
import { statusLine } from "../user-record.ts";

interface Options {
  readonly reason?: string;
  readonly keepData?: true;
  readonly confirm?: string;
}

const OPTIONS: readonly OptionDescription[] = [
  { flags: "--reason <text>", description: "is recorded; needed" },
  { flags: "--keep-data", description: "do not wipe: the data stays on the stopped VM, which is then never reused" },
  { flags: "--confirm <username>", description: "the user name again, in place of typing it" },
];

/** POST /api/admin/vps/{username}/deprovision */
export const deprovision: CliCommand<Options> = {
  usage: "deprovision <username>",
  summary: "Give a user's VPS up, after the service's grace period",
  details: "Then the DNS record goes, the data is wiped, the VM is stopped and not renewed; until then `cancel` keeps everything. What was bought stays paid until its term ends: `given-up` tells until when.",
  options: OPTIONS,
  examples: ["deprovision alice --reason 'account closed'", "deprovision alice --reason 'account closed' --confirm alice"],
  async run(invocation) {
    const { reason, keepData = false, confirm } = invocation.options;
    const username = parseUsername(invocation.args[0]!);
    if (!reason) throw new UserVpsError("INPUT_INVALID", "It is not said why.", { next: "Use --reason 'the reason': it is recorded." });
    return withService(invocation, async (service) => {
      invocation.progress.say(`${username}: asking the service`);
      const path = { username };
      const before = await answer(service.GET("/api/admin/vps/{username}", { params: { path } }));
      invocation.progress.end();
      await confirmTyped({ what: warning(before, keepData), expected: username, given: confirm, option: `--confirm ${username}` });
      const vps = await answer(service.POST("/api/admin/vps/{username}/deprovision", { params: { path }, body: { confirm: username, reason, wipe: !keepData } }));
      const { items } = await answer(service.GET("/api/admin/given-up-vms", { params: { query: { username, limit: 200 } } }));
      const giveUp = items.find((one) => one.username === username && one.cancelledAt === null);
      return { data: { vps, giveUp: giveUp ?? null }, text: told(vps, giveUp) };
    });
  },
};

function warning({ username, hostname, vmId, status }: AdminVpsView, keepsData: boolean): string {
  const data = keepsData ? "its data stays on the stopped VM" : "all its data is wiped";
  return `The VPS of ${username} (${hostname}, ${vmId === null ? "no VM yet" : `VM ${vmId}`}, ${status}) will be given up: after the service's grace period its name is gone, ${data}, and it is not renewed. What was bought stays paid until its term ends.`;
}

function told(vps: AdminVpsView, giveUp: GivenUpVmView | undefined): string {
  const { username } = vps;
  const isDue = giveUp === undefined || Date.parse(giveUp.dueAt) <= Date.now();
  const paid = giveUp?.paidUntil ? `Its VM stays paid until ${moment(giveUp.paidUntil)} UTC.` : "`user-vps given-up` tells until when its VM stays paid, once that is known.";
  return [isDue ? `${username}: ${statusLine(vps)}.` : `${username}: it is given up at ${moment(giveUp.dueAt)} UTC; until then \`user-vps cancel ${username}\` keeps everything.`, paid].join("\n");
}
