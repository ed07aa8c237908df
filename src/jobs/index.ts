export { pgBossJobs } from "./pg-boss-jobs.ts";
export { startQueue } from "./queue.ts";
export { WAKE_CHANNEL } from "./wake.ts";
export { startWorker } from "./worker.ts";
export type { Worker } from "./worker.ts";
export type { Job, JobRequest, Jobs } from "./job.ts";
