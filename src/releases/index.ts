/** New programs on VPSs that are already there: releases, and their roll-out over the fleet in waves. */
export * from "./create-release.ts";
export * from "./create-roll-out.ts";
export * from "./run-roll-out.ts";
export * from "./waves.ts";
export { createRollOutQueue, rollOutJobs } from "./queue.ts";
export type { RollOutJobs } from "./queue.ts";
export { countMembers, findRelease, findReleaseOfUser, findRollOut, findUnfinishedRollOuts, listMembers, listReleases, listRollOuts, MEMBER_STATUSES, ROLL_OUT_OUTCOMES } from "../records/index.ts";
export type { MemberStatus, ReleaseRecord, RollOutMember, RollOutOutcome, RollOutRecord } from "../records/index.ts";
export { startRollOutWorker } from "./worker.ts";
export type { RollOutWorker } from "./worker.ts";
