import { DATA_CENTERS } from "./api/specification.ts";

/** Along the great circle, by the haversine formula; degrees in, radians out. */
export function angleBetween(latitudeA: number, longitudeA: number, latitudeB: number, longitudeB: number): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  const halfChord = (a: number, b: number) => Math.sin(radians(b - a) / 2) ** 2;
  const square = halfChord(latitudeA, latitudeB) + Math.cos(radians(latitudeA)) * Math.cos(radians(latitudeB)) * halfChord(longitudeA, longitudeB);
  return 2 * Math.asin(Math.sqrt(square));
}

/** The others, the nearest first; none for a data center whose place is not known. */
export function nearestOthers(dataCenterId: number): number[] {
  const from = DATA_CENTERS.find(({ id }) => id === dataCenterId);
  if (!from) return [];
  const distance = ({ latitude, longitude }: (typeof DATA_CENTERS)[number]) => angleBetween(from.latitude, from.longitude, latitude, longitude);
  return DATA_CENTERS.filter(({ id }) => id !== dataCenterId).toSorted((a, b) => distance(a) - distance(b)).map(({ id }) => id);
}
