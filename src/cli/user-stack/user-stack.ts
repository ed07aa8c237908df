/**
 * One user's stack under the plain Pulumi CLI. No second implementation of `up`: the same CLI that
 * an engineer would use, on the same state, respecting the same lock as the service's workers.
 */
import type { Invocation } from "../command.ts";
import type { UserStack, UserStackOptions } from "./open-user-stack.ts";

export type { UserStack, UserStackOptions };

export const SET_OPTION = { flags: "--set <name=value...>", description: "change a setting of the stack; the others stay as they were deployed" } as const;

/** Settings are those of the last deployment, whoever made it, so that nothing is changed by a file that is out of date. */
export async function withUserStack<T>(invocation: Invocation, options: UserStackOptions, work: (stack: UserStack) => Promise<T>): Promise<T> {
  const { openUserStack } = await import("./open-user-stack.ts");
  return openUserStack(invocation, options, work);
}
