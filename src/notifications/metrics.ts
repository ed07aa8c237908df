/** Notifications for Prometheus, read from the database when they are asked for: see src/http/metrics.ts. */
import type { Registry } from "prom-client";
import { SECOND_MS } from "../../providers/core/time.ts";
import { databaseGauges } from "../db/database-gauge.ts";
import type { Queryable } from "../db/queryable.ts";
import { listTargets } from "./targets.ts";
import type { TargetRecord } from "./targets.ts";

export function addNotificationMetrics(registry: Registry, db: Queryable, onProblem: (error: unknown) => void): void {
  const add = databaseGauges(registry, onProblem);
  const gauge = (name: string, help: string, value: (target: TargetRecord) => number) =>
    add({ name, help, labelNames: ["target"], read: async () => (await listTargets(db)).map((target) => ({ value: value(target), labels: { target: target.name } })) });
  gauge("user_vps_notifications_pending", "Messages that wait to be delivered.", ({ pending }) => pending);
  gauge("user_vps_notifications_oldest_pending_seconds", "How long the oldest of them has waited.", ({ oldestPendingAt }) => (oldestPendingAt ? Math.max(0, (Date.now() - oldestPendingAt.getTime()) / SECOND_MS) : 0));
  gauge("user_vps_notifications_given_up", "Messages that were tried for too long; they can be sent again by hand.", ({ givenUp }) => givenUp);
  gauge("user_vps_notification_target_failures", "Failures in a row of the target.", ({ failures }) => failures);
  gauge("user_vps_notification_target_paused", "1 if the target has said that it is gone (410).", ({ pausedAt }) => (pausedAt ? 1 : 0));
}
