/** How many VPSs a pool keeps ready at which times (UTC). */
const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
const DAILY = /^(?:(sun|mon|tue|wed|thu|fri|sat)(?:-(sun|mon|tue|wed|thu|fri|sat))? )?(\d\d):(\d\d)-(\d\d):(\d\d) ?= ?(\d{1,4})$/;
const ONCE = /^(\d{4}-\d\d-\d\dT\d\d:\d\dZ)\/(\d{4}-\d\d-\d\dT\d\d:\d\dZ) ?= ?(\d{1,4})$/;
const DAY_MINUTES = 24 * 60;

/** `mon-fri 07:00-19:00 = 10`, `22:00-06:00 = 1`, `2026-12-01T08:00Z/2026-12-02T08:00Z = 50`. */
export const SCHEDULE_RULE = "a time of day with or without weekdays (`mon-fri 07:00-19:00 = 10`) or a stretch of time (`2026-12-01T08:00Z/2026-12-02T08:00Z = 50`), all UTC";

/** The number if the rule is for this time; undefined if it is not; null: it is no rule. */
function numberAt(rule: string, at: Date): number | undefined | null {
  const once = ONCE.exec(rule);
  if (once) {
    const [from, to] = [Date.parse(once[1]!), Date.parse(once[2]!)];
    if (!(from < to)) return null;
    return at.getTime() >= from && at.getTime() < to ? Number(once[3]) : undefined;
  }
  const daily = DAILY.exec(rule);
  if (!daily) return null;
  const [, first, last, fromHour, fromMinute, toHour, toMinute, number] = daily;
  const [from, to] = [Number(fromHour) * 60 + Number(fromMinute), Number(toHour) * 60 + Number(toMinute)];
  if (from >= DAY_MINUTES || to > DAY_MINUTES || Number(fromMinute) > 59 || Number(toMinute) > 59 || from === to) return null;
  const now = at.getUTCHours() * 60 + at.getUTCMinutes();
  // Past midnight, it is the day before on which it began.
  const isAfterMidnight = from > to && now < to;
  const isWithin = from < to ? now >= from && now < to : now >= from || isAfterMidnight;
  const day = (at.getUTCDay() + (isAfterMidnight ? 6 : 0)) % 7;
  return isWithin && isDayWithin(day, first, last) ? Number(number) : undefined;
}

function isDayWithin(day: number, first: string | undefined, last: string | undefined): boolean {
  if (first === undefined) return true;
  const from = DAYS.indexOf(first as (typeof DAYS)[number]);
  const to = last === undefined ? from : DAYS.indexOf(last as (typeof DAYS)[number]);
  return from <= to ? day >= from && day <= to : day >= from || day <= to;
}

export function isScheduleRule(rule: string): boolean {
  return numberAt(rule, new Date(0)) !== null;
}

/** The last rule that is for this time counts; without one, `otherwise`. */
export function numberWanted(rules: readonly string[], otherwise: number, at: Date): number {
  return rules.map((rule) => numberAt(rule, at)).findLast((number) => typeof number === "number") ?? otherwise;
}
