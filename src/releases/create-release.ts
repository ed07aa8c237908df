import { UserVpsError } from "../../providers/core/errors.ts";
import { releaseFaults, releaseFingerprint, releaseSettings, SHA256_PATTERN, VERSION_PATTERN, type Release } from "../../stacks/release.ts";
import type { Queryable } from "../db/queryable.ts";
import { findRelease, insertRelease, type ReleaseRecord } from "../records/index.ts";

/**
 * Makes a release known, so that it can be rolled out. What a version means never changes; asked
 * for again with the same programs, it is the same release.
 *
 * @param createdBy who does it, as recorded
 * @throws UserVpsError INPUT_INVALID; RELEASE_EXISTS if the version means something else
 */
export async function createRelease(db: Queryable, release: Release, createdBy: string): Promise<ReleaseRecord> {
  const faults = releaseFaults(releaseSettings(release));
  if (!VERSION_PATTERN.test(release.version)) faults.push("version: expected 1 to 64 letters, digits, '.', '_', '+' or '-'");
  for (const [name, program] of Object.entries({ conductor: release.conductor, cli: release.cli })) {
    if (program && !SHA256_PATTERN.test(program.sha256)) faults.push(`${name}.sha256: expected a SHA-256: 64 hex digits in lower case`);
  }
  if (faults.length > 0) throw new UserVpsError("INPUT_INVALID", `The release cannot be used: ${faults.join("; ")}.`);
  const created = (await insertRelease(db, release, createdBy)) ?? (await findRelease(db, release.version))!;
  if (releaseFingerprint(created) !== releaseFingerprint(release)) throw new UserVpsError("RELEASE_EXISTS", `There is a release ${release.version} already, with other programs.`);
  return created;
}
