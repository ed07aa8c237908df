import { z } from "zod";

export const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;

export const logLevel = z.enum(LOG_LEVELS, `expected one of ${LOG_LEVELS.join(", ")}`);
