import { createRequire } from "node:module";

type CronParser = typeof import("cron-parser");

const FIELDS = 5;

/** Whether the queue can go by it: pg-boss asks the same parser. Loaded when settings are read, for the command line has the names of all variables and needs none of it. */
export function isCron(fields: readonly string[]): boolean {
  // A minute that the parser draws by lot, anew at each look of the queue.
  if (fields.some((field) => /(^|,)h/i.test(field))) return false;
  const { CronExpressionParser } = createRequire(import.meta.url)("cron-parser") as CronParser;
  try {
    CronExpressionParser.parse(fields.join(" "), { tz: "UTC" });
    return fields.length === FIELDS;
  } catch {
    return false;
  }
}
