/**
 * One user's stack under the plain Pulumi CLI. No second implementation of `up`: the same CLI that
 * an engineer would use, on the same state, respecting the same lock as the service's workers.
 */
import type { Environment } from "../../config/index.ts";
import type { Invocation } from "../command.ts";
import type { PreviewOutcome } from "./preview-events.ts";

export interface UserStack {
  readonly username: string;
  /** Whether it was there before. */
  readonly existed: boolean;
  /** `pulumi ARGS --stack USERNAME`, out of sight; answers what it printed. */
  quietly(...args: string[]): Promise<string>;
  /** The same in front of the person. */
  inFront(...args: string[]): Promise<void>;
  /** Likewise, with more in the environment of that one command. */
  inFrontWith(more: Environment, ...args: string[]): Promise<void>;
  /** A preview with refresh, out of sight. */
  preview(signal: AbortSignal): Promise<PreviewOutcome>;
}

export interface UserStackOptions {
  /** A stack that is not there is made. */
  readonly create?: boolean;
  /** `NAME=VALUE`, over the settings of the last deployment. */
  readonly set?: readonly string[];
}

export const SET_OPTION = { flags: "--set <name=value...>", description: "change a setting of the stack; the others stay as they were deployed" } as const;

/** Settings are those of the last deployment, whoever made it, so that nothing is changed by a file that is out of date. */
export async function withUserStack<T>(invocation: Invocation, options: UserStackOptions, work: (stack: UserStack) => Promise<T>): Promise<T> {
  const { openUserStack } = await import("./open-user-stack.ts");
  return openUserStack(invocation, options, work);
}
