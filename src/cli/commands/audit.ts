import { writeFile } from "node:fs/promises";
import { parseUsername } from "../../../stacks/username.ts";
import { UserVpsError, messageOf } from "../../../providers/core/errors.ts";
import type { CliCommand } from "../command.ts";
import { moment, table } from "../output.ts";
import { answer, withService } from "../service-client/api.ts";
import { pointInTime, wholeNumber } from "../argument-values.ts";

const FORMATS = ["csv", "json"] as const;

interface Options {
  readonly by?: string;
  readonly what?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit?: number;
  readonly export?: (typeof FORMATS)[number];
  readonly out?: string;
}

const DEFAULT_LIMIT = 50;

/** GET /api/admin/audit, /api/admin/export/audit */
export const audit: CliCommand<Options> = {
  usage: "audit [username]",
  summary: "What operators and users have asked for: who, what and why, newest first",
  options: [
    { flags: "--by <who>", description: "only what this operator or user has asked for, by id" },
    { flags: "--what <text>", description: "only where this is a part of what was asked for, as deprovision" },
    { flags: "--since <time>", description: "only from then on: 2026-01-31, 2026-01-31T12:00:00Z, or 90m, 24h, 7d ago", parse: pointInTime },
    { flags: "--until <time>", description: "only before then", parse: pointInTime },
    { flags: "--limit <count>", description: `at most so many, 1 to 200 (default: ${DEFAULT_LIMIT})`, parse: wholeNumber },
    { flags: "--export <format>", description: "all that fit, as csv or json", parse: format },
    { flags: "--out <file>", description: "with --export: into this file" },
  ],
  examples: ["audit", "audit alice --limit 10", "audit --what deprovision --since 7d", "audit --by cli:ada@host --export csv --out audit.csv"],
  async run(invocation) {
    const { args, options, progress } = invocation;
    const { by, what, since, until } = options;
    const filter = { ...(args[0] !== undefined && { username: parseUsername(args[0]) }), ...(by !== undefined && { requestedBy: by }), ...(what !== undefined && { action: what }), ...(since && { since }), ...(until && { until }) };
    if (options.out !== undefined && !options.export) throw new UserVpsError("INPUT_INVALID", "--out is for --export.", { next: "Add --export csv or --export json." });
    return withService(invocation, async (service) => {
      progress.say("asking the service");
      if (options.export) {
        const file = await answer<unknown>(service.GET("/api/admin/export/audit", { params: { query: { ...filter, format: options.export } }, parseAs: "text" }));
        return await exported(String(file), options);
      }
      const { items } = await answer(service.GET("/api/admin/audit", { params: { query: { ...filter, limit: options.limit ?? DEFAULT_LIMIT } } }));
      return { data: items, text: table(["ASKED (UTC)", "BY", "WHAT", "OF", "WHY", "ANSWER"], items.map(({ askedAt, requestedBy, path, username, reason, status }) => [moment(askedAt), requestedBy, path.replace(/^\/api\/(admin\/)?/, ""), username, reason, status ?? "none"])) };
    });
  },
};

async function exported(text: string, { export: as, out }: Options) {
  const data = as === "json" ? (JSON.parse(text) as unknown) : { csv: text };
  if (out === undefined) return { data, text: text.trimEnd() };
  await writeFile(out, text, { mode: 0o600 }).catch((error: unknown) => {
    throw new UserVpsError("INPUT_INVALID", `${out} cannot be written: ${messageOf(error)}.`, { next: "Name a file that you may write." });
  });
  return { data: { file: out }, text: `Written to ${out}.` };
}

function format(given: string): (typeof FORMATS)[number] {
  const found = FORMATS.find((one) => one === given);
  if (!found) throw new UserVpsError("INPUT_INVALID", `Expected one of ${FORMATS.join(", ")}, got '${given}'.`);
  return found;
}
