import type { Settings } from "./settings.ts";

/** For how many days more a wiped VM must be paid to be reused; a pool would give up at once one that is paid for less than its own least. */
export function leastDaysToReuse({ reuseLeastDays, poolLeastDays }: Pick<Settings, "reuseLeastDays" | "poolLeastDays">, { isPooled }: { readonly isPooled: boolean }): number {
  return isPooled ? Math.max(reuseLeastDays, poolLeastDays) : reuseLeastDays;
}
