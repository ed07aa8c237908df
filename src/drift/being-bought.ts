import { HOUR_MS, SECOND_MS } from "../../providers/core/time.ts";
import { mayBeBoughtSince } from "../purchases/bought-since.ts";
import { isGettingReady } from "../records/index.ts";
import type { FleetUser } from "./users.ts";

/** A payment may take hours; what nobody has come for by then is nobody's. */
const LONGEST_PURCHASE_MS = 6 * HOUR_MS;

/** What was bought just now, or since somebody without a VM is being given one, may be theirs. */
export function isBeingBought(createdAt: string | null, users: readonly FleetUser[], { graceSeconds, nowMs }: { readonly graceSeconds: number; readonly nowMs: number }): boolean {
  if (createdAt === null) return false;
  const createdMs = Date.parse(createdAt);
  if (nowMs - createdMs < graceSeconds * SECOND_MS) return true;
  if (nowMs - createdMs > LONGEST_PURCHASE_MS) return false;
  return users.some(({ status, hostingerVmId, requestedAt }) => isGettingReady(status) && hostingerVmId === null && mayBeBoughtSince(createdAt, requestedAt));
}
