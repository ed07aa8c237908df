import type { CliCommand } from "../command.ts";
import { followRollOut, newestRollOut, readRollOut, rollOutText } from "../service-client/roll-out.ts";
import { withService } from "../service-client/api.ts";

/** GET /api/admin/roll-outs/{id} */
export const releaseStatus: CliCommand<{ follow?: true }> = {
  usage: "release status [roll-out-id]",
  summary: "What became of each VPS in a roll-out, by default the newest one",
  options: [{ flags: "--follow", description: "show how it goes until it has ended; exit code 1 unless it succeeded; with --json one JSON document a line" }],
  examples: ["release status", "release status --follow"],
  async run(invocation) {
    invocation.progress.say("asking the service");
    const rollOut = await withService(invocation, async (service) => {
      const rollOutId = invocation.args[0] ?? (await newestRollOut(service))?.rollOutId;
      return rollOutId === undefined ? undefined : await readRollOut(service, rollOutId);
    });
    if (!rollOut) return { data: null, text: "There was no roll-out yet." };
    if (invocation.options.follow) return followRollOut(invocation, rollOut.rollOutId);
    return { data: rollOut, text: rollOutText(rollOut) };
  },
};
