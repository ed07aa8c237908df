import type { Role } from "../config/index.ts";
import type { CheckContext, Finding } from "./check.ts";
import { checkCloudflare } from "./cloudflare.ts";
import { checkDatabase } from "./database.ts";
import { checkDisk } from "./disk.ts";
import { checkEngine } from "./engine.ts";
import { checkHostinger } from "./hostinger.ts";
import { inOrder } from "./in-order.ts";
import { checkBooks, checkMoney } from "./money.ts";
import { checkNode } from "./node.ts";
import { checkNotifications } from "./notifications.ts";
import { checkPlugins } from "./plugins.ts";
import { checkSettings } from "./settings.ts";
import { checkStacks } from "./stacks.ts";

/** Looks at everything that a process of this role needs. `http` has neither engine nor tokens. */
export async function examine(context: CheckContext, role: Role): Promise<Finding[]> {
  const { env, signal } = context;
  const ofWorkers = role === "http" ? [] : [
    checkEngine(env), checkPlugins(env), checkHostinger(context), checkCloudflare(context), checkStacks(context), checkMoney(context), checkNotifications(context),
  ];
  const looked = await Promise.all([...ofWorkers, checkDatabase(context), checkBooks(context, role), checkDisk(env)]);
  signal.throwIfAborted();
  return inOrder([checkNode(), checkSettings(env, role), ...looked.flat()]);
}
