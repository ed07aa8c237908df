import { UserVpsError } from "../../providers/core/errors.ts";
import { releaseFaults, releaseSettings, SHA256_PATTERN, VERSION_PATTERN, type Release } from "../../stacks/release.ts";
import type { Queryable } from "../db/queryable.ts";
import { endRollOut, insertRelease, type ReleaseRecord } from "./records/index.ts";

/**
 * Makes a release known, so that it can be rolled out. What a version means never changes.
 *
 * @param createdBy who does it, as recorded
 * @throws UserVpsError INPUT_INVALID
 */
export async function createRelease(db: Queryable, release: Release, createdBy: string): Promise<ReleaseRecord> {
  const faults = releaseFaults(releaseSettings(release));
  if (!VERSION_PATTERN.test(release.version)) faults.push("version: expected 1 to 64 letters, digits, '.', '_', '+' or '-'");
  for (const [name, program] of Object.entries({ conductor: release.conductor, cli: release.cli })) {
    if (program && !SHA256_PATTERN.test(program.sha256)) faults.push(`${name}.sha256: expected a SHA-256: 64 hex digits in lower case`);
  }
  if (faults.length > 0) throw new UserVpsError("INPUT_INVALID", `The release cannot be used: ${faults.join("; ")}.`);
  const created = await insertRelease(db, release, createdBy);
  if (!created) throw new UserVpsError("INPUT_INVALID", `There is a release ${release.version} already.`, { next: "Give a new release a version of its own." });
  return created;
}

/** No further VPS is begun; those that are under way come to their end. False if it has ended already. */
export async function cancelRollOut(db: Queryable, rollOutId: string): Promise<boolean> {
  return await endRollOut(db, rollOutId, "cancelled");
}
