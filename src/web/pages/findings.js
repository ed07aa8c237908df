/** What sweeps of the fleet have found: `{ findingId, kind, username, declared, actual, firstSeen, resolvedAt }`, newest first. */
import { get } from "./api.js";

const MOST = 200;

/** @param filter of GET /api/admin/findings @returns null where the service has no sweeps */
export async function findings(filter) {
  return itemsOf(`/api/admin/findings?${new URLSearchParams({ limit: String(MOST), ...filter })}`);
}

/** @returns none or one; null where the service has no sweeps */
export async function lastSweep() {
  return itemsOf("/api/admin/sweeps?limit=1");
}

async function itemsOf(path) {
  try {
    return (await get(path)).items;
  } catch (error) {
    if (error.code === "ROUTE_NOT_FOUND") return null;
    throw error;
  }
}

/** Machines and records that belong to nobody, also those that were. */
export async function orphans() {
  const found = await Promise.all(["OrphanVm", "OrphanRecord"].map((kind) => findings({ kind })));
  return found.includes(null) ? null : found.flat();
}
