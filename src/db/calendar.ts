/** By SQL: when this day and this month began. They are those of UTC, wherever the database is. */
export const DAY_BEGAN = began("day");
export const MONTH_BEGAN = began("month");

/** `clock_timestamp()` is another one for each row, so no index can be asked for it. */
function began(what: "day" | "month"): string {
  return `date_trunc('${what}', statement_timestamp() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'`;
}
