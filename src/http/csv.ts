/** Comma-separated values (RFC 4180), for spreadsheets: what one of them would take for a formula is text. */

const FORMULA = /^[=+\-@\t\r]/;

export function csvLine(values: readonly unknown[]): string {
  return `${values.map(csvValue).join(",")}\r\n`;
}

function csvValue(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
