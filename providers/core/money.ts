/** 499, "USD" -> `4.99 USD`; undefined if the price is not known. */
export function money(cents: number, currency?: string | null): string;
export function money(cents: number | null | undefined, currency?: string | null): string | undefined;
export function money(cents: number | null | undefined, currency?: string | null): string | undefined {
  return cents === null || cents === undefined ? undefined : `${(cents / 100).toFixed(2)} ${currency ?? ""}`.trimEnd();
}
