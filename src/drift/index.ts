export { addDriftMetrics } from "./metrics.ts";
export { previewWithRefresh } from "./preview-events.ts";
export { createDriftQueues, driftRequests } from "./queues.ts";
export type { DriftRequests } from "./queues.ts";
export { exitCodeOf, stackDrift } from "./stack-drift.ts";
export type { StackDrift } from "./stack-drift.ts";
export { startDrift } from "./start-drift.ts";
export type { DriftWorker } from "./worker.ts";
