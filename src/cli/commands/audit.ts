import { parseUsername } from "../../../stacks/username.ts";
import type { CliCommand } from "../command.ts";
import { moment, table } from "../output.ts";
import { answer, withService } from "../service-client/api.ts";
import { wholeNumber } from "../argument-values.ts";

const DEFAULT_LIMIT = 50;

/** GET /api/admin/audit */
export const audit: CliCommand<{ limit?: number }> = {
  usage: "audit [username]",
  summary: "What operators have asked for: who, what and why, newest first",
  options: [{ flags: "--limit <count>", description: `at most so many, 1 to 200 (default: ${DEFAULT_LIMIT})`, parse: wholeNumber }],
  examples: ["audit", "audit alice --limit 10"],
  async run(invocation) {
    const { args, options, progress } = invocation;
    const query = { limit: options.limit ?? DEFAULT_LIMIT, ...(args[0] !== undefined && { username: parseUsername(args[0]) }) };
    return withService(invocation, async (service) => {
      progress.say("asking the service");
      const { items } = await answer(service.GET("/api/admin/audit", { params: { query } }));
      return { data: items, text: table(["ASKED (UTC)", "BY", "WHAT", "WHY", "ANSWER"], items.map(({ askedAt, requestedBy, path, reason, status }) => [moment(askedAt), requestedBy, path.replace("/api/admin/", ""), reason, status ?? "none"])) };
    });
  },
};
