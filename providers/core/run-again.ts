/**
 * What a run of the engine does again though nothing of it differs from the stack's state: a release that timed out
 * may have been installed after all, a configuration that failed may have come half-way, a snapshot may have been
 * restored. Handed to a run by whoever starts it, as is its patience: an input would change in the state from run to run.
 */
export const RUN_AGAIN_VARIABLE = "USER_VPS_RUN_AGAIN";

/** By the names of the stack's resources. */
export type Repeatable = "configuration" | "release" | "health";

export function runsAgain(what: Repeatable, env: Readonly<Record<string, string | undefined>> = process.env): boolean {
  return (env[RUN_AGAIN_VARIABLE] ?? "").split(",").includes(what);
}
