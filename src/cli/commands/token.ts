import { parseUsername } from "../../../stacks/username.ts";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { OPERATOR_ROLES, type OperatorRole } from "../../config/operator-roles.ts";
import type { CliCommand } from "../command.ts";
import { wholeNumber } from "../argument-values.ts";

function operatorRole(given: string): OperatorRole {
  const found = OPERATOR_ROLES.find((one) => one === given);
  if (!found) throw new UserVpsError("INPUT_INVALID", `Expected one of ${OPERATOR_ROLES.join(", ")}, got '${given}'.`);
  return found;
}

const DEFAULT_MINUTES = 60;

interface Options {
  readonly operator?: true;
  readonly role?: OperatorRole;
  readonly subject?: string;
  readonly minutes?: number;
}

/** For trying the service and for its page; in production the sign-in of the product issues tokens. */
export const token: CliCommand<Options> = {
  usage: "token [username]",
  summary: "Sign a token with the service's JWT_SECRET: a user's, or with --operator an operator's",
  details: "For trying the service and for the login of its page. In production the sign-in of the product issues users' tokens.",
  options: [
    { flags: "--operator", description: "an operator's, who may all: --role owner" },
    { flags: "--role <role>", description: `an operator's with this role: ${OPERATOR_ROLES.join(", ")}`, parse: operatorRole },
    { flags: "--subject <id>", description: "the user's id, as recorded (default: user_<username>, or who you are)" },
    { flags: "--minutes <count>", description: `how long it is good for (default: ${DEFAULT_MINUTES})`, parse: wholeNumber },
  ],
  examples: ["token alice", "token --operator", "token --role viewer"],
  async run({ args, env, options }) {
    const username = args[0] === undefined ? undefined : parseUsername(args[0]);
    const role = options.role ?? (options.operator ? "owner" : undefined);
    if (username === undefined && !role) throw new UserVpsError("INPUT_INVALID", "Whose token is it to be?", { next: "Name a user, or use --operator or --role." });
    const { signServiceToken, whoAmI } = await import("../service-client/operator-token.ts");
    const subject = options.subject ?? (username === undefined ? whoAmI() : `user_${username}`);
    const minutes = options.minutes ?? DEFAULT_MINUTES;
    if (minutes < 1 || minutes > 1_440) throw new UserVpsError("INPUT_INVALID", `Expected --minutes from 1 to 1440, got ${minutes}.`);
    const signed = await signServiceToken(env, { subject, ...(username !== undefined && { username }), role, lifetimeSeconds: minutes * 60 });
    return { data: { token: signed, subject, username: username ?? null, operator: role !== undefined, role: role ?? null, minutes }, text: signed };
  },
};
