import type { Pool } from "pg";
import { kept } from "../../providers/core/kept.ts";
import { MINUTE_MS } from "../../providers/core/time.ts";
import { findOffer, notOffered, type Catalog } from "../../providers/hostinger/api/live-catalog.ts";
import { PLANS } from "../../providers/hostinger/api/specification.ts";
import { readOffers } from "../records/offers.ts";
import { HttpError } from "./http-error.ts";

const KEPT_MS = MINUTE_MS;

export type ReadOffers = () => Promise<Catalog>;

/** What a worker has recorded of Hostinger's offers, kept for a minute. */
export function keptOffers(pool: Pool): ReadOffers {
  return kept({ keptMs: KEPT_MS }, () => readOffers(pool));
}

/** Of a field that takes what is offered: in `/openapi.json` it has what there is at the moment as `enum`. */
export const OFFERED = "x-offered";

/** What a request may name at the moment, by the value of OFFERED. */
export function namesOf({ plans, dataCenters, templates }: Catalog) {
  const items = plans.map(({ itemId }) => itemId);
  const short = PLANS.filter(({ itemId }) => items.includes(itemId)).map(({ id }) => id);
  return { plans: [...items, ...short], dataCenters: dataCenters.map(({ id }) => id), templates: templates.map(({ id }) => id) };
}

export type OfferedKind = keyof ReturnType<typeof namesOf>;

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
