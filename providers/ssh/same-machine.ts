/**
 * Whether a server is still the one of before. `machine` names VM, template and first boot, and behind them the wipe that
 * was asked for last, if any: where that is only not mentioned any more, nothing was wiped.
 */
export function isSameMachine(before: unknown, now: unknown): boolean {
  return before === now || (namesNoWipe(now) && String(before).startsWith(`${now} `));
}

function namesNoWipe(machine: unknown): machine is string {
  return typeof machine === "string" && /^\S+ \S+ \S+$/.test(machine);
}
