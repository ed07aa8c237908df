/** What can be bought and where: catalog, data centers, templates. */

import { z } from "zod";

import { centsOrNull, idSchema, numberOrNull, readableOf, textOrNull } from "./fields.ts";
import type { CallOptions, HostingerTransport } from "./transport.ts";

const priceSchema = z
  .object({ id: z.string().min(1), name: textOrNull, currency: textOrNull, price: centsOrNull, first_period_price: centsOrNull, period: numberOrNull, period_unit: textOrNull })
  .transform((price) => ({
    /** What a purchase names as its item. */
    id: price.id,
    name: price.name ?? "",
    currency: price.currency,
    priceCents: price.price,
    firstPeriodPriceCents: price.first_period_price,
    period: price.period,
    periodUnit: price.period_unit,
  }));

const catalogItemSchema = z
  .object({ id: z.string().min(1), name: textOrNull, category: textOrNull, prices: readableOf(priceSchema).nullish().catch(null) })
  .transform((item) => ({ id: item.id, name: item.name ?? "", category: item.category, prices: item.prices ?? [] }));

const dataCenterSchema = z.object({ id: idSchema, name: textOrNull, location: textOrNull, city: textOrNull, continent: textOrNull });

export const templateSchema = z.object({ id: idSchema, name: z.string().catch(""), description: textOrNull, documentation: textOrNull });

export type CatalogItem = z.output<typeof catalogItemSchema>;
/** `location` is a country code, `name` the short code. */
export type DataCenter = z.output<typeof dataCenterSchema>;
export type Template = z.output<typeof templateSchema>;

export interface CatalogFilter {
  readonly category?: "VPS" | "DOMAIN" | "EMAIL";
  /** With `*` as wildcard. */
  readonly name?: string;
}

export function catalogCalls(transport: HostingerTransport) {
  return {
    /** GET /api/billing/v1/catalog */
    list: ({ category, name }: CatalogFilter = {}, call?: CallOptions): Promise<CatalogItem[]> =>
      transport.call(readableOf(catalogItemSchema), { method: "GET", path: "/api/billing/v1/catalog", query: { category, name } }, call),
  };
}

export function dataCenterCalls(transport: HostingerTransport) {
  return {
    /** GET /api/vps/v1/data-centers */
    list: (call?: CallOptions): Promise<DataCenter[]> =>
      transport.call(readableOf(dataCenterSchema), { method: "GET", path: "/api/vps/v1/data-centers" }, call),
  };
}

export function templateCalls(transport: HostingerTransport) {
  return {
    /** GET /api/vps/v1/templates */
    list: (call?: CallOptions): Promise<Template[]> =>
      transport.call(readableOf(templateSchema), { method: "GET", path: "/api/vps/v1/templates" }, call),
    /** GET /api/vps/v1/templates/{templateId} */
    get: (id: number, call?: CallOptions): Promise<Template> =>
      transport.call(templateSchema, { method: "GET", path: `/api/vps/v1/templates/${id}` }, call),
  };
}
