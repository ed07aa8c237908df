/** What sweeps of the fleet have found: `{ findingId, kind, username, declared, actual, firstSeen, resolvedAt, repair }`, newest first. */
import { get } from "./api.js";

const MOST = 200;

/** @param filter of GET /api/admin/findings */
export async function findings(filter) {
  return await get(`/api/admin/findings?${new URLSearchParams({ limit: String(MOST), ...filter })}`);
}

/** @returns the newest, or undefined */
export async function lastSweep() {
  return (await get("/api/admin/sweeps?limit=1")).items[0];
}

/** Machines and records that belong to nobody, also those that were. */
export async function orphans() {
  const found = await Promise.all(["OrphanVm", "OrphanRecord"].map((kind) => findings({ kind })));
  return found.flatMap(({ items }) => items);
}
