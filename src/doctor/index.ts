export { askDoctor, DOCTOR_QUEUE } from "./ask-doctor.ts";
export type { AskDoctor, WorkersFindings } from "./ask-doctor.ts";
export { CHECK_NAMES, CHECK_RESULTS, CHECKS, failed, ok, skipped } from "./check.ts";
export type { CheckName, Finding } from "./check.ts";
export { inOrder } from "./in-order.ts";
