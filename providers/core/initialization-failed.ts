import { messageOf } from "./errors.ts";

type Values = Record<string, unknown>;

/**
 * The error by which a dynamic provider's create or update says 'it is there, but not ready': the
 * engine keeps the resource, marked as failed, and the next `up` calls `update` on it.
 * The SDK's quirk: on this path it does not add `__provider` to the properties, and without it
 * the resource could never be read, updated or deleted again.
 */
export function initializationFailed(error: unknown, id: string, properties: Values, given: Values): Error {
  const message = messageOf(error);
  return Object.assign(new Error(message, { cause: error }), {
    id,
    properties: { ...withoutUndefined(properties), __provider: given["__provider"] },
    reasons: [message],
  });
}

/** A protobuf struct has no `undefined`. */
export function withoutUndefined(values: object): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
