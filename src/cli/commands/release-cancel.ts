import { UserVpsError } from "../../../providers/core/errors.ts";
import { parseUsername } from "../../../stacks/username.ts";
import type { RollOutView } from "../../http/roll-out-view.ts";
import type { CliCommand } from "../command.ts";
import { newestRollOut, statusText } from "../service-client/roll-out.ts";
import { answer, withService } from "../service-client/api.ts";

/** POST /api/admin/roll-outs/{id}/cancel */
export const releaseCancel: CliCommand<object> = {
  usage: "release cancel [roll-out-id]",
  summary: "End a roll-out, by default the one that goes on: no further VPS is begun",
  details: "Those that are under way come to their end. What is released already stays.",
  examples: ["release cancel"],
  async run(invocation) {
    invocation.progress.say("asking the service");
    const rollOut = await withService(invocation, async (service) => {
      const rollOutId = invocation.args[0] ?? openRollOut(await newestRollOut(service));
      return await answer(service.POST("/api/admin/roll-outs/{rollOutId}/cancel", { params: { path: { rollOutId } }, body: {} }));
    });
    return { data: rollOut, text: `The roll-out of ${rollOut.version} is ${statusText(rollOut)}.` };
  },
};

/** POST /api/admin/roll-outs/{id}/members/{username}/skip */
export const releaseSkip: CliCommand<{ readonly reason?: string; readonly rollOut?: string }> = {
  usage: "release skip <username>",
  summary: "Go on with a roll-out without one VPS, such as one that hangs",
  details: "One that waits is not begun; one that is under way is asked to stop. It counts as no failure.",
  options: [{ flags: "--reason <text>", description: "is recorded; needed" }, { flags: "--roll-out <id>", description: "by default the newest one" }],
  examples: ["release skip alice --reason 'root replaced the shell'"],
  async run(invocation) {
    const { reason, rollOut: given } = invocation.options;
    const username = parseUsername(invocation.args[0]!);
    if (!reason) throw new UserVpsError("INPUT_INVALID", "It is not said why.", { next: "Use --reason 'the reason': it is recorded." });
    invocation.progress.say("asking the service");
    const rollOut = await withService(invocation, async (service) => {
      const rollOutId = given ?? (await newestRollOut(service))?.rollOutId;
      if (rollOutId === undefined) throw new UserVpsError("INPUT_INVALID", "There was no roll-out yet.");
      return await answer(service.POST("/api/admin/roll-outs/{rollOutId}/members/{username}/skip", { params: { path: { rollOutId, username } }, body: { reason } }));
    });
    return { data: rollOut, text: `${username} is skipped. The roll-out of ${rollOut.version} ${statusText(rollOut)}.` };
  },
};

/** There is one at a time, so no other than the newest can be. */
function openRollOut(newest: RollOutView | undefined): string {
  if (newest?.outcome === null) return newest.rollOutId;
  throw new UserVpsError("INPUT_INVALID", "No roll-out goes on.", { next: "`user-vps release list --roll-outs` lists those that there were." });
}
