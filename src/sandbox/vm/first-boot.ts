import { setTimeout as sleep } from "node:timers/promises";
import type { Disk, Vm } from "../model.ts";

const FIRST_BOOT_LIMIT_MS = 60_000;
const LOOK_INTERVAL_MS = 20;

/** The disk once the post-install script has ended; null if it did not come to its end. */
export async function firstBootOf(vm: Vm): Promise<Disk | null> {
  for (let waitedMs = 0; vm.disk === null && waitedMs < FIRST_BOOT_LIMIT_MS; waitedMs += LOOK_INTERVAL_MS) await sleep(LOOK_INTERVAL_MS);
  return vm.disk?.outcome.conductorStarted === true ? vm.disk : null;
}
