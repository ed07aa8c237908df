import { UserVpsError } from "../../providers/core/errors.ts";

/**
 * Somebody else has the name in the zone, by the operators' word (SWEEP_IGNORED_NAMES): a user of
 * it would get a part of that one's traffic, or the other way round.
 * Errors: USERNAME_INVALID.
 */
export function refuseIgnoredName(hostname: string, ignoredNames: readonly string[] = []): void {
  if (ignoredNames.includes(hostname)) throw new UserVpsError("USERNAME_INVALID", `The host name ${hostname} is used for something else.`, { next: "Choose another name." });
}
