/** What Hostinger offers today, kept for some minutes; the specification's tables where it cannot be asked. */

import { messageOf, UserVpsError } from "../../core/errors.ts";
import { kept } from "../../core/kept.ts";
import { MINUTE_MS, SECOND_MS } from "../../core/time.ts";
import type { HostingerClient } from "./client.ts";
import { DATA_CENTERS, findPlan, PLANS, TEMPLATES } from "./specification.ts";

export interface OfferedPlan {
  /** What a purchase names: `hostingercom-vps-kvm1-usd-1m`. */
  readonly itemId: string;
  /** `KVM 1` */
  readonly name: string;
  readonly currency: string | null;
  /** A term, after the first. */
  readonly priceCents: number | null;
  readonly firstPeriodPriceCents: number | null;
  readonly period: number | null;
  readonly periodUnit: string | null;
}

export interface OfferedDataCenter {
  readonly id: number;
  readonly city: string | null;
  /** ISO 3166-1 in lower case, as the API has it (`uk` for Great Britain); null by the specification. */
  readonly country: string | null;
}

export interface OfferedTemplate {
  readonly id: number;
  readonly name: string;
}

export interface Catalog {
  /** `specification`: Hostinger was not asked, or did not answer; see `why`. */
  readonly source: "api" | "specification";
  readonly why?: string;
  readonly plans: readonly OfferedPlan[];
  readonly dataCenters: readonly OfferedDataCenter[];
  readonly templates: readonly OfferedTemplate[];
}

export const SPECIFIED_CATALOG: Catalog = {
  source: "specification",
  plans: PLANS.map(({ itemId, planName, monthlyPriceCents, firstMonthPriceCents }) => ({
    itemId, name: planName, currency: "USD", priceCents: monthlyPriceCents, firstPeriodPriceCents: firstMonthPriceCents, period: 1, periodUnit: "month",
  })),
  dataCenters: DATA_CENTERS.map(({ id, city }) => ({ id, city, country: null })),
  templates: TEMPLATES.map(({ id, name }) => ({ id, name })),
};

/** GET catalog: what can be bought, with its prices of today. Errors: API_*, CANCELLED. */
export async function readPlans(client: HostingerClient, signal?: AbortSignal): Promise<OfferedPlan[]> {
  const items = await client.catalog.list({ category: "VPS" }, signal ? { signal } : {});
  return items.flatMap(({ name, prices }) => prices.map(({ id, currency, priceCents, firstPeriodPriceCents, period, periodUnit }) => ({ itemId: id, name, currency, priceCents, firstPeriodPriceCents, period, periodUnit })));
}

/** GET catalog, data-centers and templates. Errors: API_*, CANCELLED. */
export async function readCatalog(client: HostingerClient, signal?: AbortSignal): Promise<Catalog> {
  const call = signal ? { signal } : {};
  const [plans, dataCenters, templates] = await Promise.all([readPlans(client, signal), client.dataCenters.list(call), client.templates.list(call)]);
  return {
    source: "api",
    plans,
    dataCenters: dataCenters.map(({ id, city, location }) => ({ id, city, country: location })),
    templates: templates.map(({ id, name }) => ({ id, name })),
  };
}

const KEPT_MS = 5 * MINUTE_MS;
const FAILURE_KEPT_MS = 30 * SECOND_MS;

export interface LiveCatalog {
  /** Never throws but for a mistake: what the API does not tell is told from its last answer, else from the specification. */
  read(): Promise<Catalog>;
}

/** Asked for at most once in five minutes, by all who share it; after a failure again in half a minute. */
export function liveCatalog(client: HostingerClient): LiveCatalog {
  let last: Catalog | undefined;
  const ask = kept({ keptMs: KEPT_MS, failureKeptMs: FAILURE_KEPT_MS }, async () => (last = await readCatalog(client)));
  return {
    async read() {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof UserVpsError)) throw error;
        return last ?? { ...SPECIFIED_CATALOG, why: messageOf(error) };
      }
    },
  };
}

const shared = new WeakMap<HostingerClient, LiveCatalog>();

/** The one of a client. */
export function sharedCatalog(client: HostingerClient): LiveCatalog {
  const catalog = shared.get(client) ?? liveCatalog(client);
  shared.set(client, catalog);
  return catalog;
}

/** By the item that a purchase names, by the specification's id (`kvm2`), or by its name (`KVM 2`), then of the shortest term. */
export function findOffer({ plans }: Pick<Catalog, "plans">, wished: string): OfferedPlan | undefined {
  const itemId = findPlan(wished)?.itemId ?? wished;
  const months = ({ period, periodUnit }: OfferedPlan) => (period ?? 0) * (periodUnit === "year" ? 12 : 1);
  return plans.find((plan) => plan.itemId === itemId) ?? plans.filter(({ name }) => name.toLowerCase() === wished.toLowerCase()).toSorted((a, b) => months(a) - months(b))[0];
}

/** Why a wish cannot be had, with what there is; undefined if it can. */
export function notOffered(catalog: Catalog, wish: { readonly plan?: string | undefined; readonly dataCenterId?: number | undefined; readonly templateId?: number | undefined }): string | undefined {
  const { plan, dataCenterId, templateId } = wish;
  const told = (what: string, wished: string | number, offers: readonly string[]) =>
    `Hostinger offers no ${what} ${wished}; there are ${offers.join(", ")}${catalog.source === "api" ? "" : " (by the specification: Hostinger's own list is not known at the moment)"}`;
  if (plan !== undefined && !findOffer(catalog, plan)) return told("plan", plan, catalog.plans.map(({ itemId, name }) => `${itemId} (${name})`));
  if (dataCenterId !== undefined && !catalog.dataCenters.some(({ id }) => id === dataCenterId)) return told("data center", dataCenterId, catalog.dataCenters.map(({ id, city }) => (city ? `${id} (${city})` : String(id))));
  if (templateId !== undefined && !catalog.templates.some(({ id }) => id === templateId)) return told("template", templateId, catalog.templates.map(({ id, name }) => `${id} (${name})`));
  return undefined;
}
