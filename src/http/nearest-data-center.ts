import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { BlockList, isIP } from "node:net";
import { Reader, type Response } from "mmdb-lib";
import { SPECIFIED_CATALOG, type OfferedDataCenter } from "../../providers/hostinger/api/live-catalog.ts";
import { COUNTRY_COORDINATES } from "../../providers/hostinger/country-coordinates.ts";
import { angleBetween, placeOf } from "../../providers/hostinger/nearest.ts";
import { addressIn } from "./forwarded.ts";

/** From an address to the nearest of the data centers that are offered. */
export type NearestDataCenter = (address: string, offered?: readonly OfferedDataCenter[]) => number | undefined;

const DATABASE = "@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb";

/**
 * Reads the country database (offline, 8 MB) and gives the search in it.
 *
 * @returns from an IPv4 or IPv6 address to the id of the nearest data center; undefined for an
 *   address of no known country, such as a private one
 */
export function createNearestDataCenter(): NearestDataCenter {
  const reader = new Reader<Response>(readFileSync(createRequire(import.meta.url).resolve(DATABASE)));
  return (address, offered) => {
    const country = countryIn(reader, address);
    return country === undefined ? undefined : nearestToCountry(country, offered);
  };
}

/** Not anybody's place (IANA's special-purpose address registries); the database names a country for some of them. */
const PLACELESS = new BlockList();
for (const network of ["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"]) {
  const [address, prefix] = network.split("/");
  PLACELESS.addSubnet(address!, Number(prefix), "ipv4");
}
/** All of IPv6 that is given to places. */
const GLOBAL_IPV6 = new BlockList();
GLOBAL_IPV6.addSubnet("2000::", 3, "ipv6");

function isPlaced(address: string): boolean {
  const family = isIP(address);
  return family === 4 ? !PLACELESS.check(address) : family === 6 && GLOBAL_IPV6.check(address, "ipv6");
}

function countryIn(reader: Reader<Response>, clientAddress: string): string | undefined {
  const address = addressIn(clientAddress);
  if (address === undefined || !isPlaced(address)) return undefined;
  return (reader.get(address) as { country_code?: string } | null)?.country_code;
}

/** By ISO 3166-1 code of two letters. */
export function nearestToCountry(country: string, offered: readonly OfferedDataCenter[] = SPECIFIED_CATALOG.dataCenters): number | undefined {
  const place = COUNTRY_COORDINATES[country];
  if (!place) return undefined;
  const [latitude, longitude] = place;
  const distances = offered.flatMap((center) => {
    const at = placeOf(center);
    return at ? [{ id: center.id, distance: angleBetween(latitude, longitude, ...at) }] : [];
  });
  return distances.toSorted((a, b) => a.distance - b.distance)[0]?.id;
}
