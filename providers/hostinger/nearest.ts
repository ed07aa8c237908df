import type { OfferedDataCenter } from "./api/live-catalog.ts";
import { DATA_CENTERS } from "./api/specification.ts";
import { COUNTRY_COORDINATES } from "./country-coordinates.ts";

/** Along the great circle, by the haversine formula; degrees in, radians out. */
export function angleBetween(latitudeA: number, longitudeA: number, latitudeB: number, longitudeB: number): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  const halfChord = (a: number, b: number) => Math.sin(radians(b - a) / 2) ** 2;
  const square = halfChord(latitudeA, latitudeB) + Math.cos(radians(latitudeA)) * Math.cos(radians(latitudeB)) * halfChord(longitudeA, longitudeB);
  return 2 * Math.asin(Math.sqrt(square));
}

/** Of its city, if the specification has it; else of its country. */
export function placeOf({ id, country }: OfferedDataCenter): readonly [latitude: number, longitude: number] | undefined {
  const known = DATA_CENTERS.find((center) => center.id === id);
  if (known) return [known.latitude, known.longitude];
  const code = country?.toUpperCase();
  return code === undefined ? undefined : COUNTRY_COORDINATES[code === "UK" ? "GB" : code];
}

/** Further than any place is from another. */
const NOWHERE_NEAR = 2 * Math.PI;

/** The others of these, the nearest first and last those of unknown place; as they are listed, if where it is itself is not known. */
export function nearestOthers(dataCenterId: number, centers: readonly OfferedDataCenter[]): number[] {
  const from = placeOf(centers.find(({ id }) => id === dataCenterId) ?? { id: dataCenterId, city: null, country: null });
  const distance = (center: OfferedDataCenter) => {
    const at = placeOf(center);
    return from && at ? angleBetween(...from, ...at) : NOWHERE_NEAR;
  };
  return centers.filter(({ id }) => id !== dataCenterId).toSorted((a, b) => distance(a) - distance(b)).map(({ id }) => id);
}
