/** An entry of the list of VMs that cannot be read is no outage, but somebody has to look at it. */
import { ofNobody, ofUser } from "./finding.ts";
import type { Finding } from "./finding.ts";
import type { Observation } from "./observe.ts";

const DECLARED = "an entry that can be read";

/** A user's, if what can be read of it says so. */
export function unreadableVms({ odd = [], after }: Pick<Observation, "odd" | "after">): Finding[] {
  const users = [...after.values()].filter(({ status }) => status !== "deprovisioned");
  return odd.map((entry, index) => {
    const owner = users.find(({ hostingerVmId, hostname }) => (entry.id === null ? hostname === entry.hostname : hostingerVmId === entry.id));
    const seen = `${entry.id === null ? "an entry without an id" : `VM ${entry.id}`}${entry.hostname ? ` (${entry.hostname})` : ""}: ${entry.why}`;
    return owner ? ofUser(owner, "VmUnreadable", DECLARED, seen) : ofNobody("VmUnreadable", entry.id === null ? `entry ${index + 1} without an id` : String(entry.id), DECLARED, seen);
  });
}
