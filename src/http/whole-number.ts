import { z } from "zod";

/** A whole number in a path or a query. `z.coerce` alone takes '' and ' ' for 0 and '0x10' for 16. */
export function wholeNumber(min: number, max: number) {
  const digitsOnly = (value: unknown) => (typeof value === "string" && !/^\d{1,16}$/.test(value) ? Number.NaN : value);
  return z.preprocess(digitsOnly, z.coerce.number().int().min(min).max(max));
}
