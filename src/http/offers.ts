import type { Pool } from "pg";
import { MINUTE_MS, monotonicMs } from "../../providers/core/time.ts";
import { findOffer, notOffered, type Catalog } from "../../providers/hostinger/api/live-catalog.ts";
import { readOffers } from "../records/offers.ts";
import { HttpError } from "./http-error.ts";

const KEPT_MS = MINUTE_MS;

export type ReadOffers = () => Promise<Catalog>;

/** What a worker has recorded of Hostinger's offers, kept for a minute. */
export function keptOffers(pool: Pool): ReadOffers {
  let kept: { readonly untilMs: number; readonly catalog: Catalog } | undefined;
  return async () => {
    if (!kept || monotonicMs() >= kept.untilMs) kept = { untilMs: monotonicMs() + KEPT_MS, catalog: await readOffers(pool) };
    return kept.catalog;
  };
}

export interface Wish {
  readonly plan?: string | undefined;
  readonly dataCenterId?: number | undefined;
  readonly templateId?: number | undefined;
}

/** The wish of a request's body with the plan as a catalog item. Errors: REQUEST_INVALID, which names what there is. */
export function offered<W extends Wish>(catalog: Catalog, wish: W): W {
  const { plan, dataCenterId, templateId } = wish;
  const fields: [name: string, wish: Wish][] = [["plan", { plan }], ["dataCenterId", { dataCenterId }], ["templateId", { templateId }]];
  const details = fields.flatMap(([field, one]) => {
    const message = notOffered(catalog, one);
    return message === undefined ? [] : [{ path: `body.${field}`, message }];
  });
  if (details.length > 0) throw new HttpError("REQUEST_INVALID", `${details.map(({ message }) => message).join("; ")}.`, { details });
  return wish.plan === undefined ? wish : { ...wish, plan: findOffer(catalog, wish.plan)!.itemId };
}
