import type { CliCommand } from "../command.ts";
import { moment, table } from "../output.ts";
import { statusText } from "../service-client/roll-out.ts";
import { withService } from "../service-client/api.ts";
import { allPages } from "../service-client/paths.ts";

/** GET /api/admin/releases, GET /api/admin/roll-outs; all pages */
export const releaseList: CliCommand<{ rollOuts?: true }> = {
  usage: "release list",
  summary: "Releases that are known, newest first",
  options: [{ flags: "--roll-outs", description: "list the roll-outs instead" }],
  examples: ["release list", "release list --roll-outs"],
  async run(invocation) {
    invocation.progress.say("asking the service");
    if (invocation.options.rollOuts) {
      const rollOuts = await withService(invocation, (service) => allPages((query) => service.GET("/api/admin/roll-outs", { params: { query } })));
      const rows = rollOuts.map((rollOut) => [rollOut.rollOutId, rollOut.version, statusText(rollOut), rollOut.requestedBy, rollOut.reason, moment(rollOut.createdAt)]);
      return { data: rollOuts, text: table(["ROLL-OUT", "VERSION", "STATUS", "ASKED FOR BY", "REASON", "BEGUN (UTC)"], rows) };
    }
    const releases = await withService(invocation, (service) => allPages((query) => service.GET("/api/admin/releases", { params: { query } })));
    return { data: releases, text: table(["VERSION", "CONDUCTOR", "CLI", "CREATED BY", "CREATED (UTC)"], releases.map(({ version, conductor, cli, createdBy, createdAt }) => [version, conductor?.url, cli?.url, createdBy, moment(createdAt)])) };
  },
};
