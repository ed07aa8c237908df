import type { NotificationTarget } from "../config/index.ts";
import type { Sender, SenderOptions } from "./sender.ts";

/** What sends mail is loaded only where there is a target for it. */
export async function senderFor(target: NotificationTarget, options: SenderOptions): Promise<Sender> {
  if (target.format === "email") return (await import("./email.ts")).emailSender(target, options);
  if (target.format === "slack") return (await import("./slack.ts")).slackSender(target, options);
  return (await import("./webhook.ts")).webhookSender(target, options);
}
