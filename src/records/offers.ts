import { SPECIFIED_CATALOG, type Catalog } from "../../providers/hostinger/api/live-catalog.ts";
import type { Queryable } from "../db/queryable.ts";
import { storableJson } from "../db/storable.ts";

const SAVE = `
  INSERT INTO vps_offers (catalog, read_at) VALUES ($1, now())
  ON CONFLICT (only_row) DO UPDATE SET catalog = EXCLUDED.catalog, read_at = EXCLUDED.read_at`;

const READ = "SELECT catalog FROM vps_offers";

/** What Hostinger's API has told, for all processes. */
export async function saveOffers(db: Queryable, catalog: Catalog): Promise<void> {
  await db.query(SAVE, [storableJson(catalog)]);
}

/** As a worker last read it; the specification's tables if none has. */
export async function readOffers(db: Queryable): Promise<Catalog> {
  const { rows } = await db.query<{ catalog: Catalog }>(READ);
  return rows[0]?.catalog ?? SPECIFIED_CATALOG;
}
