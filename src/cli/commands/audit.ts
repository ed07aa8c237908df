import { parseUsername } from "../../../stacks/username.ts";
import type { CliCommand } from "../command.ts";
import { moment, table } from "../output.ts";
import { withService } from "../service-client/api.ts";
import { wholeNumber } from "../argument-values.ts";

interface Action {
  readonly askedAt: string;
  readonly requestedBy: string;
  readonly path: string;
  readonly reason: string | null;
  readonly status: number | null;
}

const DEFAULT_LIMIT = 50;

/** GET /api/admin/audit */
export const audit: CliCommand<{ limit?: number }> = {
  usage: "audit [username]",
  summary: "What operators have asked for: who, what and why, newest first",
  options: [{ flags: "--limit <count>", description: `at most so many, 1 to 200 (default: ${DEFAULT_LIMIT})`, parse: wholeNumber }],
  examples: ["audit", "audit alice --limit 10"],
  async run(invocation) {
    const { args, options, progress } = invocation;
    const query = new URLSearchParams({ limit: String(options.limit ?? DEFAULT_LIMIT), ...(args[0] !== undefined && { username: parseUsername(args[0]) }) });
    return withService(invocation, async (service) => {
      progress.say("asking the service");
      const { items } = await service.get<{ items: Action[] }>(`/api/admin/audit?${query}`);
      return { data: items, text: table(["ASKED (UTC)", "BY", "WHAT", "WHY", "ANSWER"], items.map(({ askedAt, requestedBy, path, reason, status }) => [moment(askedAt), requestedBy, path.replace("/api/admin/", ""), reason, status ?? "none"])) };
    });
  },
};
