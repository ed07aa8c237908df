import { parseUsername } from "../../../stacks/username.ts";
import { UserVpsError } from "../../../providers/core/errors.ts";
import type { FindingView } from "../../http/routes/drift.ts";
import type { CliCommand, Invocation, OptionDescription } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { table } from "../output.ts";
import { decide } from "../service-client/decide-repairs.ts";
import { answer, withService } from "../service-client/api.ts";
import type { ServiceApi } from "../service-client/api.ts";
import { endingCode, endingText, FOLLOW_OPTIONS, sendAndFollow } from "../service-client/order.ts";
import type { FollowOptions } from "../service-client/order.ts";
import { allPages } from "../service-client/paths.ts";
import { id } from "../argument-values.ts";

interface Options extends FollowOptions {
  readonly reason?: string;
  readonly why?: string;
  readonly finding?: number;
}

const OPTIONS: readonly OptionDescription[] = [
  { flags: "--reason <text>", description: "is recorded with each decision; needed" },
  // As version 0.1.0 called it.
  { flags: "--why <text>", description: "the same" },
  { flags: "--finding <id>", description: "only this one, as `findings` shows it", parse: id },
  ...FOLLOW_OPTIONS,
];

/** POST /api/admin/findings/{id}/repair for each of the user's open findings */
export const repair: CliCommand<Options> = {
  usage: "repair [username]",
  summary: "Mend what sweeps have found of a user, where `up` can without loss",
  details: "Tells the decision about each open finding, with its reason; one `up` mends all that can be mended. Nothing is wiped and nothing is bought. Exit code 1 if there is something to mend and nothing of it can be.",
  options: OPTIONS,
  examples: ["repair alice --reason 'ticket 4711'", "repair alice --reason 'ticket 4711' --follow", "repair --finding 12 --reason 'ticket 4711'"],
  async run(invocation) {
    const { reason: why = invocation.options.why, finding } = invocation.options;
    const [named] = invocation.args;
    if (!why) throw new UserVpsError("INPUT_INVALID", "It is not said why.", { next: "Use --reason 'the reason': it is recorded." });
    if (named === undefined && finding === undefined) throw new UserVpsError("INPUT_INVALID", "Whose VPS is it to be?", { next: "Name a user, or a finding with --finding." });
    if (named !== undefined) parseUsername(named);
    return withService(invocation, async (service) => {
      invocation.progress.say("asking the service");
      const findings = finding === undefined ? await allPages((page) => service.GET("/api/admin/findings", { params: { query: { ...page, open: "true", ...(named !== undefined && { username: named }) } } })) : [await oneFinding(service, finding, named)];
      if (findings.length === 0) return { data: { repairs: [], run: null, vps: null }, text: `${named}: no open findings, so nothing to mend.` };
      const { decisions, ending } = await repairAll(service, invocation, findings, why);
      const isQueued = decisions.some(({ decision }) => decision === "queued");
      const rows = decisions.map(({ findingId, kind, subject, decision, reason }) => [findingId, kind, subject, decision, reason]);
      return {
        data: { repairs: decisions, run: ending?.run ?? null, vps: ending?.vps ?? null },
        text: [table(["FINDING", "KIND", "OF", "DECISION", "REASON"], rows), ...(ending ? ["", endingText(ending)] : [])].join("\n"),
        exitCode: isQueued ? endingCode(ending) : EXIT.failed,
      };
    });
  },
};

async function repairAll(service: ServiceApi, invocation: Invocation<Options>, findings: readonly FindingView[], why: string) {
  const username = findings[0]!.username;
  // What belongs to no user is refused, so no run can follow.
  if (username === null) return { decisions: await decide(service, findings, why), ending: undefined };
  let decisions: Awaited<ReturnType<typeof decide>> = [];
  const { ending } = await sendAndFollow(service, invocation, {
    username, operation: () => "up",
    async send() {
      decisions = await decide(service, findings, why);
      return decisions.some(({ decision }) => decision === "queued") ? decisions : undefined;
    },
  });
  return { decisions, ending };
}

async function oneFinding(service: ServiceApi, findingId: number, username: string | undefined): Promise<FindingView> {
  const { items: [found] } = await answer(service.GET("/api/admin/findings", { params: { query: { limit: 1, cursor: String(findingId + 1) } } }));
  if (found?.findingId !== findingId) throw new UserVpsError("INPUT_INVALID", `There is no finding ${findingId}.`, { next: "`user-vps findings --all` lists them." });
  if (username !== undefined && found.username !== username) throw new UserVpsError("INPUT_INVALID", `Finding ${findingId} is not about '${username}'.`, { next: "`user-vps findings --all` lists them." });
  return found;
}
