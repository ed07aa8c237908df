/** New programs on VPSs that are already there: releases, and their roll-out over the fleet in waves. */
export * from "./create-release.ts";
export * from "./create-roll-out.ts";
export * from "./run-roll-out.ts";
export * from "./waves.ts";
export { findOpenRollOut, findRelease, findReleaseOfUser, findRollOut, listMembers, listReleases, listRollOuts } from "./records/index.ts";
export type { ReleaseRecord, RollOutMember, RollOutOutcome, RollOutRecord } from "./records/index.ts";
