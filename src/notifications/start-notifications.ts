/** Notifications as a worker's settings have them: events become messages, and each target has a loop of its own. */
import { readFile } from "node:fs/promises";
import type { Pool } from "pg";
import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { SECOND_MS, sleep } from "../../providers/core/time.ts";
import { VARIABLES } from "../config/index.ts";
import type { NotificationTarget, Settings } from "../config/index.ts";
import { handOn } from "./events.ts";
import { senderFor } from "./senders.ts";
import { startTargetLoop } from "./target-loop.ts";
import type { DeliveryPauses } from "./target-loop.ts";
import { registerTargets } from "./targets.ts";

const TURN_MS = SECOND_MS / 2;
const TROUBLED_MS = 5 * SECOND_MS;

export type NotificationSettings = Pick<Settings, "notificationTargets" | "notificationTargetsFile" | "notificationTimeoutSeconds" | "notificationGroupSeconds" | "notificationGiveUpHours">;

export interface StartNotificationsOptions {
  readonly pool: Pool;
  readonly settings: NotificationSettings;
  readonly workerId: string;
  readonly pauses: DeliveryPauses;
  /** Takes the service's secrets out of a text. */
  readonly redact: (text: string) => string;
  readonly log: (line: string) => void;
}

export interface Notifications {
  stop(): Promise<void>;
}

/** @throws UserVpsError CONFIG_INVALID */
export async function startNotifications({ pool, settings, workerId, pauses, redact, log }: StartNotificationsOptions): Promise<Notifications> {
  const targets = await readTargets(settings);
  const limitMs = settings.notificationTimeoutSeconds * SECOND_MS;
  await registerTargets(pool, targets);
  // Before anything is begun that would have to be stopped where one of them cannot be had.
  const senders = await Promise.all(targets.map(async (target) => ({ target, sender: await senderFor(target, { limitMs }) })));
  const stopping = new AbortController();
  const handing = keepHandingOn(() => handOn(pool, { groupSeconds: settings.notificationGroupSeconds, redact }), stopping.signal, log);
  const loops = senders.map(({ target, sender }) => startTargetLoop({ pool, target, workerId, limitMs, log, pauses, giveUpHours: settings.notificationGiveUpHours, sender }));
  return {
    async stop() {
      stopping.abort();
      await Promise.all([handing, ...loops.map((loop) => loop.stop())]);
    },
  };
}

/** @throws UserVpsError CONFIG_INVALID */
export async function readTargets({ notificationTargets, notificationTargetsFile: file }: Pick<NotificationSettings, "notificationTargets" | "notificationTargetsFile">): Promise<readonly NotificationTarget[]> {
  if (file === undefined) return notificationTargets ?? [];
  const { name, schema } = VARIABLES.notificationTargets;
  if (notificationTargets) throw new UserVpsError("CONFIG_INVALID", `Only one of ${name}, ${VARIABLES.notificationTargetsFile.name} may be set.`);
  const text = await readFile(file, "utf8").catch((error: unknown) => { throw new UserVpsError("CONFIG_INVALID", `${VARIABLES.notificationTargetsFile.name}: the file cannot be read: ${(error as NodeJS.ErrnoException).code ?? "unknown error"}.`); });
  const parsed = schema.safeParse(text);
  if (!parsed.success) throw new UserVpsError("CONFIG_INVALID", `${VARIABLES.notificationTargetsFile.name}: ${parsed.error.issues[0]?.message ?? "malformed"}.`, { next: "docs/notifications.md has examples." });
  return parsed.data;
}

async function keepHandingOn(work: () => Promise<number>, signal: AbortSignal, log: (line: string) => void): Promise<void> {
  let isTroubled = false;
  while (!signal.aborted) {
    let pauseMs = TURN_MS;
    try {
      if ((await work()) > 0) pauseMs = 0;
      isTroubled = false;
    } catch (error) {
      if (!isTroubled) log(`notifications cannot be handed on: ${messageOf(error)}`);
      isTroubled = true;
      pauseMs = TROUBLED_MS;
    }
    await sleep(pauseMs, signal).catch(() => undefined);
  }
}
