/** Plans, prices, data centers and templates as the specification lists them; the live lists are calls of the client. */

export interface Plan {
  readonly id: string;
  /** Catalog price item that a purchase names. */
  readonly itemId: string;
  /** As the API's VM says it. */
  readonly planName: string;
  readonly vcpus: number;
  readonly ramGb: number;
  readonly diskGb: number;
  readonly bandwidthTb: number;
  /** US cents. */
  readonly monthlyPriceCents: number;
  readonly firstMonthPriceCents: number;
}

export const PLANS = [
  { id: "kvm1", itemId: "hostingercom-vps-kvm1-usd-1m", planName: "KVM 1", vcpus: 1, ramGb: 4, diskGb: 50, bandwidthTb: 4, monthlyPriceCents: 1399, firstMonthPriceCents: 499 },
  { id: "kvm2", itemId: "hostingercom-vps-kvm2-usd-1m", planName: "KVM 2", vcpus: 2, ramGb: 8, diskGb: 100, bandwidthTb: 8, monthlyPriceCents: 1799, firstMonthPriceCents: 699 },
  { id: "kvm4", itemId: "hostingercom-vps-kvm4-usd-1m", planName: "KVM 4", vcpus: 4, ramGb: 16, diskGb: 200, bandwidthTb: 16, monthlyPriceCents: 2999, firstMonthPriceCents: 999 },
  { id: "kvm8", itemId: "hostingercom-vps-kvm8-usd-1m", planName: "KVM 8", vcpus: 8, ramGb: 32, diskGb: 400, bandwidthTb: 32, monthlyPriceCents: 5999, firstMonthPriceCents: 1999 },
] as const satisfies readonly Plan[];

export type PlanId = (typeof PLANS)[number]["id"];

export interface SpecifiedDataCenter {
  readonly id: number;
  readonly code: string;
  readonly city: string;
  readonly country: string;
  readonly continent: string;
  /** Of the city, in degrees, for a search of the nearest. */
  readonly latitude: number;
  readonly longitude: number;
}

export const DATA_CENTERS = [
  { id: 11, code: "bnk", city: "Vilnius", country: "Lithuania", continent: "Europe", latitude: 54.69, longitude: 25.28 },
  { id: 9, code: "phx", city: "Phoenix", country: "USA", continent: "North America", latitude: 33.45, longitude: -112.07 },
  { id: 13, code: "mum", city: "Mumbai", country: "India", continent: "Asia", latitude: 19.08, longitude: 72.88 },
  { id: 14, code: "asc", city: "São Paulo", country: "Brazil", continent: "South America", latitude: -23.55, longitude: -46.63 },
  { id: 15, code: "int", city: "Paris", country: "France", continent: "Europe", latitude: 48.86, longitude: 2.35 },
  { id: 17, code: "bos", city: "Boston", country: "USA", continent: "North America", latitude: 42.36, longitude: -71.06 },
  { id: 18, code: "fast", city: "Manchester", country: "UK", continent: "Europe", latitude: 53.48, longitude: -2.24 },
  { id: 19, code: "fra", city: "Frankfurt", country: "Germany", continent: "Europe", latitude: 50.11, longitude: 8.68 },
  { id: 20, code: "dci", city: "Jakarta", country: "Indonesia", continent: "Asia", latitude: -6.21, longitude: 106.85 },
  { id: 21, code: "kul", city: "Kuala Lumpur", country: "Malaysia", continent: "Asia", latitude: 3.14, longitude: 101.69 },
] as const satisfies readonly SpecifiedDataCenter[];

export interface SpecifiedTemplate {
  readonly id: number;
  readonly name: string;
}

export const TEMPLATES = [
  { id: 1007, name: "Ubuntu 22.04 LTS" },
  { id: 1002, name: "Debian 11" },
  { id: 1012, name: "CentOS 9 Stream" },
  { id: 1013, name: "Rocky Linux 8" },
  { id: 1014, name: "Rocky Linux 9" },
  { id: 1015, name: "AlmaLinux 8" },
  { id: 1016, name: "AlmaLinux 9" },
] as const satisfies readonly SpecifiedTemplate[];

/** The post-install script of this project (stacks/post-install.sh) works on packages by dpkg and apt-get. */
const HAS_APT = /^(Ubuntu|Debian)\b/;

/** Why this project's own script cannot install a VPS on the template; undefined: it can, or the template is not known. @param offered as Hostinger lists them now */
export function whyNoScript(templateId: number, offered: readonly SpecifiedTemplate[] = []): string | undefined {
  const template = [...TEMPLATES, ...offered].find(({ id }) => id === templateId);
  if (!template || HAS_APT.test(template.name)) return undefined;
  const suitable = (offered.length > 0 ? offered : TEMPLATES).filter(({ name }) => HAS_APT.test(name)).map(({ id, name }) => `${id} (${name})`);
  return `the installation is made for Ubuntu and Debian, not for template ${templateId} (${template.name}); take ${suitable.join(", ")}`;
}

export const DEFAULT_PLAN_ID: PlanId = "kvm1";
export const DEFAULT_DATA_CENTER_ID = 9;
export const DEFAULT_TEMPLATE_ID = 1007;

/** By the plan's id (`kvm1`), its catalog item id, or its name (`KVM 1`). */
export function findPlan(idOrItemIdOrName: string): Plan | undefined {
  return PLANS.find(({ id, itemId, planName }) => [id, itemId, planName].some((name) => name === idOrItemIdOrName));
}

const CATALOG_ITEM = /^[a-z0-9]+(-[a-z0-9]+){2,}$/;

/** A plan's id, name or catalog item -> the catalog item. One that is newer than these is named by its catalog item; undefined: no plan is named so. */
export function catalogItemOf(name: string): string | undefined {
  return findPlan(name)?.itemId ?? (CATALOG_ITEM.test(name) ? name : undefined);
}

/** The most that `POST /api/vps/v1/post-install-scripts` takes: 48 KB of UTF-8. */
export const SCRIPT_LIMIT_BYTES = 48 * 1024;
