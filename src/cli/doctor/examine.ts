import type { Role } from "../../config/index.ts";
import { CHECK_NAMES } from "./check.ts";
import type { CheckContext, Finding } from "./check.ts";
import { checkCloudflare } from "./cloudflare.ts";
import { checkDatabase } from "./database.ts";
import { checkDisk } from "./disk.ts";
import { checkEngine } from "./engine.ts";
import { checkHostinger } from "./hostinger.ts";
import { checkBooks, checkMoney } from "./money.ts";
import { checkNode } from "./node.ts";
import { checkNotifications } from "./notifications.ts";
import { checkPlugins } from "./plugins.ts";
import { checkService } from "./service.ts";
import { checkSettings } from "./settings.ts";
import { checkStacks } from "./stacks.ts";

/** Looks at everything, in the order of CHECK_NAMES. */
export async function examine(context: CheckContext, role: Role): Promise<Finding[]> {
  const { env, signal } = context;
  const looked = await Promise.all([checkEngine(env), checkPlugins(env), checkHostinger(context), checkCloudflare(context), checkDatabase(context), checkStacks(context), checkMoney(context), checkBooks(context), checkNotifications(context), checkDisk(env), checkService(context)]);
  signal.throwIfAborted();
  return [checkNode(), checkSettings(env, role), ...looked.flat()].sort((a, b) => CHECK_NAMES.indexOf(a.check) - CHECK_NAMES.indexOf(b.check));
}
