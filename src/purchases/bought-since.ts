import { MINUTE_MS } from "../../providers/core/time.ts";

/** By so much the two clocks may differ, and the call have come before what waits for it was written down. */
const BEFORE_MS = 5 * MINUTE_MS;

/**
 * Whether it may have been bought for somebody who has wished for it, or waits for it, since then. When it was made, Hostinger's
 * clock tells; since when it is waited for, PostgreSQL's.
 */
export function mayBeBoughtSince(createdAt: string | null, since: Date): boolean {
  return createdAt !== null && Date.parse(createdAt) >= since.getTime() - BEFORE_MS;
}
