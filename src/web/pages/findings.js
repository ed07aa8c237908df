/** What sweeps of the fleet have found. */
import { get } from "./api.js";

const PAGES = 5;

/** The newest findings, also resolved ones; null where the service has no sweeps. */
export async function findings() {
  const items = [];
  let cursor = "";
  try {
    for (let page = 0; page < PAGES && cursor !== null; page += 1) {
      const answer = await get(`/api/admin/findings${cursor && `?cursor=${encodeURIComponent(cursor)}`}`);
      items.push(...answer.items);
      cursor = answer.nextCursor ?? null;
    }
  } catch (error) {
    if (error.code === "ROUTE_NOT_FOUND") return null;
    throw error;
  }
  return items;
}

export const isOrphan = ({ kind }) => kind.startsWith("Orphan");
