/** The constant by which the engine hands a value to a provider that is not known before `up` (Pulumi SDK, runtime/rpc). */
const UNKNOWN_VALUE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export function isUnknown(value: unknown): boolean {
  return value === UNKNOWN_VALUE;
}

/** Without the serialised provider that the SDK puts among a dynamic resource's properties. */
export function withoutProvider(values: Record<string, unknown>): Record<string, unknown> {
  const { __provider: _, ...rest } = values;
  return rest;
}
