import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Reader } from "mmdb-lib";
import { DATA_CENTERS } from "../../providers/hostinger/api/specification.ts";
import { COUNTRY_COORDINATES } from "./country-coordinates.ts";

const DATABASE = "@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb";

/**
 * Reads the country database (offline, 8 MB) and gives the search in it.
 *
 * @returns from an IPv4 or IPv6 address to the id of the nearest data center; undefined for an
 *   address of no known country, such as a private one
 */
export function createNearestDataCenter(): (address: string) => number | undefined {
  const reader = new Reader<{ country_code?: string }>(readFileSync(createRequire(import.meta.url).resolve(DATABASE)));
  return (address) => {
    const country = countryIn(reader, address);
    return country === undefined ? undefined : nearestToCountry(country);
  };
}

function countryIn(reader: Reader<{ country_code?: string }>, address: string): string | undefined {
  try {
    // An IPv4 client of an IPv6 socket comes as ::ffff:a.b.c.d.
    return reader.get(address.replace(/^::ffff:(?=\d+\.)/i, ""))?.country_code;
  } catch {
    return undefined;
  }
}

/** By ISO 3166-1 code of two letters. */
export function nearestToCountry(country: string): number | undefined {
  const place = COUNTRY_COORDINATES[country];
  if (!place) return undefined;
  const [latitude, longitude] = place;
  const distance = (center: (typeof DATA_CENTERS)[number]) => angleBetween(latitude, longitude, center.latitude, center.longitude);
  return DATA_CENTERS.reduce((best, next) => (distance(next) < distance(best) ? next : best)).id;
}

/** Along the great circle, by the haversine formula; degrees in, radians out. */
function angleBetween(latitudeA: number, longitudeA: number, latitudeB: number, longitudeB: number): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  const halfChord = (a: number, b: number) => Math.sin(radians(b - a) / 2) ** 2;
  const square = halfChord(latitudeA, latitudeB) + Math.cos(radians(latitudeA)) * Math.cos(radians(latitudeB)) * halfChord(longitudeA, longitudeB);
  return 2 * Math.asin(Math.sqrt(square));
}
