/** What sweeps of the fleet have found: `{ findingId, kind, username, declared, actual, firstSeen, resolvedAt, repair }`, newest first. */
import { get } from "./api.js";

const MOST = 200;

/** @param filter of GET /api/admin/findings */
export async function findings(filter) {
  return await get(`/api/admin/findings?${new URLSearchParams({ limit: String(MOST), ...filter })}`);
}

/** @returns the `newest`, and the newest that has `ended`; undefined: there is none */
export async function lastSweeps() {
  // Before one that has ended there is at most one that goes on, and one that waits.
  const { items } = await get("/api/admin/sweeps?limit=3");
  return { newest: items[0], ended: items.find(({ finishedAt }) => finishedAt !== null) };
}

/** Of one that has ended; undefined: it has succeeded, so that what it has not found is as declared. */
export const failureOf = ({ outcome }) => ({ failed: "failed", lost: "was lost" })[outcome];

/** Machines and records that belong to nobody, also those that were. */
export async function orphans() {
  const found = await Promise.all(["OrphanVm", "OrphanRecord"].map((kind) => findings({ kind })));
  return found.flatMap(({ items }) => items);
}
