/** Who waits for the outcome of a purchase: a run finds out what it is, the list of VMs tells when that is worth while. */
import type { VirtualMachine } from "../../providers/hostinger/api/client.ts";
import { isHostingersOwn } from "../../providers/hostinger/hostinger-hostname.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import { mayBeBoughtSince } from "../purchases/bought-since.ts";
import type { VpsWait } from "../records/index.ts";

/** What shows may be another's, so that the run finds as little as the one before: then later again. */
const SHORTEST_RUN_INTERVAL_MS = 10 * SECOND_MS;

/** A VM shows that may be what was bought, or the time is over after which a person decides. */
export function wantsLook({ hostname, since, until, ranAt }: Pick<VpsWait, "hostname" | "since" | "until" | "ranAt">, vms: Iterable<VirtualMachine>, nowMs: number): boolean {
  if (nowMs - ranAt.getTime() < Math.max(SHORTEST_RUN_INTERVAL_MS, (ranAt.getTime() - since.getTime()) / 2)) return false;
  if (until.getTime() <= nowMs) return true;
  const mayBeIt = (vm: VirtualMachine) => vm.hostname.toLowerCase() === hostname || (isHostingersOwn(vm.hostname) && mayBeBoughtSince(vm.createdAt, since));
  return [...vms].some(mayBeIt);
}
