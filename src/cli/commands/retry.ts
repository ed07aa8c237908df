import { DATA_CENTERS, PLANS } from "../../../providers/hostinger/api/specification.ts";
import { UserVpsError, type ErrorCode } from "../../../providers/core/errors.ts";
import type { CliCommand, Invocation, Result } from "../command.ts";
import { answer, withService } from "../service-client/api.ts";
import { ORDER_OPTIONS, orderForUser } from "../service-client/order.ts";
import type { OrderOptions } from "../service-client/order.ts";
import { id } from "../argument-values.ts";

interface Options extends OrderOptions {
  readonly plan?: string;
  readonly dataCenter?: number;
  readonly all?: true;
  readonly code?: string;
  readonly perMinute?: number;
}

/** POST /api/admin/vps/{username}/retry; with --all POST /api/admin/retry */
export const retry: CliCommand<Options> = {
  usage: "retry [username]",
  summary: "Try again what failed for a user, or with --all for everybody whom an outage has left behind",
  details: "Goes on with what is there; nothing is bought twice. What failed while it was given up is given up further. With --all, who needs a person is left alone unless just that --code is named.",
  options: [
    { flags: "--plan <plan>", description: `another plan, for a user who has no VM yet: ${PLANS.map(({ id: plan }) => plan).join(", ")}` },
    { flags: "--data-center <id>", description: `another data center, for a user who has no VM yet: ${DATA_CENTERS.map(({ id: center, city }) => `${center} ${city}`).join(", ")}`, parse: id },
    { flags: "--all", description: "all whose failure passes by itself, a few at a time; needs --reason" },
    { flags: "--code <code>", description: "with --all: only who failed with this error code" },
    { flags: "--per-minute <n>", description: "with --all: how many begin in a minute (default: 10)", parse: id },
    ...ORDER_OPTIONS,
  ],
  examples: ["retry alice", "retry alice --follow --timeout 300", "retry alice --data-center 15", "retry --all --code API_UNAVAILABLE --reason 'Hostinger is back'"],
  async run(invocation) {
    const { plan, dataCenter, all, code, perMinute } = invocation.options;
    const [username] = invocation.args;
    if (all) {
      if (username !== undefined || plan !== undefined || dataCenter !== undefined) throw new UserVpsError("INPUT_INVALID", "--all is for everybody: it takes no user, plan or data center.");
      return retryAll(invocation);
    }
    if (username === undefined) throw new UserVpsError("INPUT_INVALID", "Whose VPS is it to be?", { next: "Name a user, or all of them with --all." });
    if (code !== undefined || perMinute !== undefined) throw new UserVpsError("INPUT_INVALID", "--code and --per-minute go with --all.");
    return orderForUser(invocation, username, {
      ask: (service, user, why) => service.POST("/api/admin/vps/{username}/retry", { params: user, body: { ...why, ...(plan !== undefined && { plan }), ...(dataCenter !== undefined && { dataCenterId: dataCenter }) } }),
      operation: ({ status }) => (status === "deprovisioning" ? "destroy" : "up"), asked: "it is tried again",
    });
  },
};

async function retryAll(invocation: Invocation<Options>): Promise<Result> {
  const { code, perMinute, reason } = invocation.options;
  if (!reason) throw new UserVpsError("INPUT_INVALID", "It is not said why.", { next: "Use --reason 'the reason': it is recorded." });
  invocation.progress.say("asking the service");
  const retried = await withService(invocation, (service) =>
    answer(service.POST("/api/admin/retry", { body: { reason, ...(code !== undefined && { code: code as ErrorCode }), ...(perMinute !== undefined && { perMinute }) } })));
  const { usernames, left, lastsSeconds } = retried;
  const told = usernames.length === 0 ? "Nobody has failed like that." : `${usernames.length} are tried again, the last begins in ${lastsSeconds} s: ${usernames.join(", ")}.`;
  return { data: retried, text: left > 0 ? `${told}\n${left} more have failed like that; run it again for them.` : told };
}
