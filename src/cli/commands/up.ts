import type { CliCommand } from "../command.ts";
import { NotConfirmed } from "../exit-codes.ts";
import { updatedByEvents } from "../user-stack/event-log.ts";
import { SET_OPTION, withUserStack } from "../user-stack/user-stack.ts";

interface Options {
  readonly yes?: true;
  readonly set?: readonly string[];
}

/** `pulumi up` on the user's stack. */
export const up: CliCommand<Options> = {
  usage: "up <username>",
  summary: "Make a user's VPS as declared; buys it if there is none",
  details: "Shows the changes and asks first. The settings are those of the last deployment; a new stack takes them from the environment. The service's stacks too: both respect each other's lock.",
  options: [{ flags: "--yes", description: "do not ask" }, SET_OPTION],
  examples: ["up alice", "up alice --yes --json", "up alice --set dnsTtlSeconds=300"],
  async run(invocation) {
    const { yes, set = [], json } = invocation.options;
    if (!yes && (json || !process.stdin.isTTY)) throw new NotConfirmed("Nobody can be asked here, so nothing was done.", "Use --yes if it is meant; `user-vps preview` shows the changes.");
    return withUserStack(invocation, { create: true, set, instead: (username) => `\`user-vps repair ${username}\` has the service make it as declared; a new user's VPS is asked for by POST /api/vps/provision.` }, async (stack) => {
      // What was deployed once may have drifted since.
      const events = await stack.inFront(["up", ...(stack.existed ? ["--refresh"] : []), ...(yes ? ["--yes", "--skip-preview"] : [])]);
      return { data: { username: stack.username, ...updatedByEvents(events) }, text: "" };
    });
  },
};
