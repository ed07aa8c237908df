export { readTargets, startNotifications } from "./start-notifications.ts";
export type { Notifications } from "./start-notifications.ts";
export { addTest } from "./events.ts";
export type { NotificationEvent } from "./events.ts";
export { listMessages, MESSAGE_STATES, sendAgain, sendGivenUpAgain } from "./messages.ts";
export type { MessageState, NotificationMessage } from "./messages.ts";
export { addressOf, listTargets, OUTAGE_FAILURES, resumeTarget } from "./targets.ts";
export type { TargetRecord } from "./targets.ts";
export { senderFor } from "./senders.ts";
