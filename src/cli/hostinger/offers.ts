import { UserVpsError } from "../../../providers/core/errors.ts";
import type { Session } from "../../../providers/hostinger/session.ts";
import type { Invocation } from "../command.ts";
import { withHostinger } from "./open-client.ts";

export interface Offers<T> {
  readonly offers: readonly T[];
  /** Empty, or a line that says that these are not Hostinger's own words of today. */
  readonly note: string;
}

/** What Hostinger offers; what the specification lists, and why, where it does not answer. Errors: what a person has to mend. */
export async function offersOf<T>(invocation: Pick<Invocation, "env" | "progress" | "signal">, ask: (session: Session) => Promise<T[]>, specified: readonly T[]): Promise<Offers<T>> {
  try {
    return { offers: await withHostinger(invocation, ask), note: "" };
  } catch (error) {
    if (!(error instanceof UserVpsError) || error.retry !== "backoff") throw error;
    return { offers: specified, note: `Hostinger does not answer (${error.code}): this is what the specification lists.\n\n` };
  }
}
