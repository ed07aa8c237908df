import { reasonOf } from "../../providers/core/errors.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import { settingsOf } from "./settings.ts";
import { failed, ok, skipped } from "./check.ts";
import type { CheckContext, Finding } from "./check.ts";

const LIMIT_MS = 8 * SECOND_MS;
const NOBODY = "nobody is told anything: NOTIFICATION_TARGETS is not set";

/** Whether each target answers. Nothing is told to it: HEAD to an address, no mail to a mail server. */
export async function checkNotifications({ env, signal }: CheckContext): Promise<Finding> {
  const settings = settingsOf(env);
  if (!settings) return skipped("notifications", "the settings are not complete");
  if (!settings.notificationTargets && !settings.notificationTargetsFile) return skipped("notifications", NOBODY);
  // Mail and the rest of it is much to load.
  const { readTargets, senderFor } = await import("../notifications/index.ts");
  try {
    const targets = await readTargets(settings);
    if (targets.length === 0) return skipped("notifications", NOBODY);
    const looks = await Promise.all(targets.map(async (target) => {
      const sender = await senderFor(target, { limitMs: LIMIT_MS });
      return { name: target.name, ...(await sender.look(signal).finally(() => sender.close())) };
    }));
    const told = looks.map(({ name, said }) => `${name} ${said}`).join("; ");
    return looks.every(({ answers }) => answers) ? ok("notifications", told) : failed("notifications", told, "Check the target's address in NOTIFICATION_TARGETS, and that this machine may connect to it. What could not be delivered is kept and tried again.");
  } catch (error) {
    signal.throwIfAborted();
    return failed("notifications", reasonOf(error), "docs/notifications.md has examples.");
  }
}
