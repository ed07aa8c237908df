import type { CliCommand } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { moment } from "../output.ts";
import { reasonOf } from "../../../providers/core/errors.ts";

/** DELETE /session */
export const logout: CliCommand<object> = {
  usage: "logout",
  summary: "End the session that `login` keeps, at the service too, and remove it here",
  examples: ["logout"],
  async run({ env, progress, signal }) {
    const { anySession, forgetSession } = await import("../service-client/session-file.ts");
    const session = anySession(env);
    forgetSession(env);
    if (!session) return { data: { url: null, ended: false }, text: "Nobody is logged in here." };
    const { url, operator, expiresAt } = session;
    const { endServiceSession } = await import("../service-client/open-session.ts");
    progress.say(`asking ${url}`);
    try {
      await endServiceSession(session, signal);
      return { data: { url, operator, ended: true }, text: `Logged out at ${url}.` };
    } catch (error) {
      signal.throwIfAborted();
      return { data: { url, operator, ended: false }, text: `The session is removed here. It could not be ended at ${url}: ${reasonOf(error)}. There it ends by itself at ${moment(expiresAt)} UTC.`, exitCode: EXIT.failed };
    }
  },
};
