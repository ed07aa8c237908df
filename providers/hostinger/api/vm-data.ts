/** What the API keeps and measures of a VM: snapshot, backups, metrics. */

import { z } from "zod";

import { idSchema, momentSchema, numberOrNull, textOrNull } from "./fields.ts";

export const snapshotSchema = z
  .object({ id: idSchema, restore_time: numberOrNull, created_at: momentSchema, expires_at: momentSchema })
  .transform((snapshot) => ({
    id: snapshot.id,
    restoreTimeSeconds: snapshot.restore_time,
    createdAt: snapshot.created_at,
    expiresAt: snapshot.expires_at,
  }));

export const backupSchema = z
  .object({ id: idSchema, size: numberOrNull, restore_time: numberOrNull, location: textOrNull, created_at: momentSchema })
  .transform((backup) => ({
    id: backup.id,
    sizeKb: backup.size,
    restoreTimeSeconds: backup.restore_time,
    location: backup.location,
    createdAt: backup.created_at,
  }));

/** `usage`: measured values by UNIX time in seconds. */
const seriesSchema = z
  .object({ unit: z.string(), usage: z.record(z.string(), z.number()).catch({}) })
  .nullish()
  .catch(null)
  .transform((series) => series ?? null);

export const metricsSchema = z
  .object({
    cpu_usage: seriesSchema,
    ram_usage: seriesSchema,
    disk_space: seriesSchema,
    outgoing_traffic: seriesSchema,
    incoming_traffic: seriesSchema,
    uptime: seriesSchema,
  })
  .transform((metrics) => ({
    cpuUsage: metrics.cpu_usage,
    ramUsage: metrics.ram_usage,
    diskSpace: metrics.disk_space,
    outgoingTraffic: metrics.outgoing_traffic,
    incomingTraffic: metrics.incoming_traffic,
    uptime: metrics.uptime,
  }));

export type Snapshot = z.output<typeof snapshotSchema>;
export type Backup = z.output<typeof backupSchema>;
/** Each series with its unit (percent, bytes, milliseconds); null where nothing was measured. */
export type Metrics = z.output<typeof metricsSchema>;
