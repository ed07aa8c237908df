import { parseUsername } from "../../../stacks/username.ts";
import { UserVpsError } from "../../../providers/core/errors.ts";
import type { CliCommand } from "../command.ts";
import { wholeNumber } from "../argument-values.ts";

const DEFAULT_MINUTES = 60;

interface Options {
  readonly operator?: true;
  readonly subject?: string;
  readonly minutes?: number;
}

/** For trying the service and for its page; in production the sign-in of the product issues tokens. */
export const token: CliCommand<Options> = {
  usage: "token [username]",
  summary: "Sign a token with the service's JWT_SECRET: a user's, or with --operator an operator's",
  details: "For trying the service and for the login of its page. In production the sign-in of the product issues users' tokens.",
  options: [
    { flags: "--operator", description: "with the scope vps:admin" },
    { flags: "--subject <id>", description: "the user's id, as recorded (default: user_<username>, or who you are)" },
    { flags: "--minutes <count>", description: `how long it is good for (default: ${DEFAULT_MINUTES})`, parse: wholeNumber },
  ],
  examples: ["token alice", "token --operator"],
  async run({ args, env, options }) {
    const username = args[0] === undefined ? undefined : parseUsername(args[0]);
    if (username === undefined && !options.operator) throw new UserVpsError("INPUT_INVALID", "Whose token is it to be?", { next: "Name a user, or use --operator." });
    const { signServiceToken, whoAmI } = await import("../service-client/operator-token.ts");
    const subject = options.subject ?? (username === undefined ? whoAmI() : `user_${username}`);
    const minutes = options.minutes ?? DEFAULT_MINUTES;
    if (minutes < 1 || minutes > 1_440) throw new UserVpsError("INPUT_INVALID", `Expected --minutes from 1 to 1440, got ${minutes}.`);
    const signed = await signServiceToken(env, { subject, ...(username !== undefined && { username }), isOperator: options.operator === true, lifetimeSeconds: minutes * 60 });
    return { data: { token: signed, subject, username: username ?? null, operator: options.operator === true, minutes }, text: signed };
  },
};
