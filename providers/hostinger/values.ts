/** The constant by which the engine hands a value to a provider that is not known before `up` (Pulumi SDK, runtime/rpc). */
const UNKNOWN_VALUE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export function isUnknown(value: unknown): boolean {
  return value === UNKNOWN_VALUE;
}

/** A fully qualified host name in lower case: labels of 1 to 63 characters, 253 in all. */
export function isHostname(value: unknown): value is string {
  if (typeof value !== "string" || value.length > 253) return false;
  const labels = value.split(".");
  return labels.length >= 2 && labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label));
}

/** Without the serialised provider that the SDK puts among a dynamic resource's properties. */
export function withoutProvider(values: Record<string, unknown>): Record<string, unknown> {
  const { __provider: _, ...rest } = values;
  return rest;
}
