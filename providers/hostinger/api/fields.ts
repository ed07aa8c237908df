/** Pieces of the answers' schemas: strict where a value is relied on, lenient elsewhere. */

import { z } from "zod";

/** Every id but those of subscriptions and catalog items. */
export const idSchema = z.int().positive();

/** A state: known ones are listed with their types, a future one must not break anything. */
export const stateSchema = z.string().min(1);

/** RFC 3339 text; null when it is missing. */
export const momentSchema = z.string().nullish().catch(null).transform(orNull);

export const textOrNull = z.string().nullish().catch(null).transform(orNull);
export const numberOrNull = z.number().nullish().catch(null).transform(orNull);
export const idOrNull = idSchema.nullish().catch(null).transform(orNull);

function orNull<T>(value: T | null | undefined): T | null {
  return value ?? null;
}
