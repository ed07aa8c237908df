/** What can be bought and where: the tables of the product specification, in the API's shapes. */

export interface Plan {
  itemId: string;
  name: string;
  cpus: number;
  memoryMb: number;
  diskMb: number;
  bandwidthMb: number;
  priceCents: number;
  firstPeriodPriceCents: number;
}

function plan(cpus: number, priceCents: number, firstPeriodPriceCents: number): Plan {
  return {
    itemId: `hostingercom-vps-kvm${cpus}-usd-1m`,
    name: `KVM ${cpus}`,
    cpus,
    memoryMb: cpus * 4 * 1024,
    diskMb: cpus * 50 * 1024,
    bandwidthMb: cpus * 4 * MB_PER_TB,
    priceCents,
    firstPeriodPriceCents,
  };
}

const MB_PER_TB = 1024 * 1024;

export const PLANS: readonly Plan[] = [
  plan(1, 1399, 499),
  plan(2, 1799, 699),
  plan(4, 2999, 999),
  plan(8, 5999, 1999),
];

export const DATA_CENTERS = [
  { id: 11, name: "bnk", location: "lt", city: "Vilnius", continent: "Europe" },
  { id: 9, name: "phx", location: "us", city: "Phoenix", continent: "North America" },
  { id: 13, name: "mum", location: "in", city: "Mumbai", continent: "Asia" },
  { id: 14, name: "asc", location: "br", city: "São Paulo", continent: "South America" },
  { id: 15, name: "int", location: "fr", city: "Paris", continent: "Europe" },
  { id: 17, name: "bos", location: "us", city: "Boston", continent: "North America" },
  { id: 18, name: "fast", location: "uk", city: "Manchester", continent: "Europe" },
  { id: 19, name: "fra", location: "de", city: "Frankfurt", continent: "Europe" },
  { id: 20, name: "dci", location: "id", city: "Jakarta", continent: "Asia" },
  { id: 21, name: "kul", location: "my", city: "Kuala Lumpur", continent: "Asia" },
] as const;

function template(id: number, name: string, documentation: string) {
  return { id, name, description: `${name}, without a control panel`, documentation };
}

export const TEMPLATES = [
  template(1002, "Debian 11", "https://www.debian.org/doc/"),
  template(1007, "Ubuntu 22.04 LTS", "https://docs.ubuntu.com"),
  template(1012, "CentOS 9 Stream", "https://docs.centos.org"),
  template(1013, "Rocky Linux 8", "https://docs.rockylinux.org"),
  template(1014, "Rocky Linux 9", "https://docs.rockylinux.org"),
  template(1015, "AlmaLinux 8", "https://wiki.almalinux.org"),
  template(1016, "AlmaLinux 9", "https://wiki.almalinux.org"),
];

/** One good card, and one for each way in which a card is refused. */
export const PAYMENT_METHODS = [
  { id: 6523, identifier: "1234*****6464", isDefault: true, isExpired: false, isSuspended: false, declined: false },
  { id: 6524, identifier: "1234*****0001", isDefault: false, isExpired: true, isSuspended: false, declined: false },
  { id: 6525, identifier: "1234*****0002", isDefault: false, isExpired: false, isSuspended: true, declined: false },
  { id: 6526, identifier: "1234*****0003", isDefault: false, isExpired: false, isSuspended: false, declined: true },
];

/** What is offered at the moment: at first the above; a control changes it. */
export interface Offers {
  plans: Plan[];
  dataCenters: { id: number; name: string; location: string; city: string; continent: string }[];
  templates: ReturnType<typeof template>[];
}

export function offersAtFirst(): Offers {
  return { plans: [...PLANS], dataCenters: [...DATA_CENTERS], templates: [...TEMPLATES] };
}

/** A plan that a VM may have, whether it is still offered or not. */
export function planOf(itemId: string): Plan | undefined {
  return PLANS.find((one) => one.itemId === itemId);
}

/** A template that a VM may have likewise. */
export function templateOf(id: number) {
  return TEMPLATES.find((one) => one.id === id) ?? template(id, `Template ${id}`, "https://docs.example.com");
}
