export * from "./environment.ts";
export * from "./environment-doubts.ts";
export * from "./proxies.ts";
export * from "./roles.ts";
export * from "./settings.ts";
export * from "./variables.ts";
export { NOTIFICATION_TYPES, NOTIFICATION_TYPE_NAMES } from "./notification-types.ts";
export type { NotificationType } from "./notification-types.ts";
export type { EmailTarget, NotificationTarget, SlackTarget, WebhookTarget } from "./notification-targets.ts";
