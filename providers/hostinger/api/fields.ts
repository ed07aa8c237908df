/** Pieces of the answers' schemas: strict where a value is relied on, lenient elsewhere. */

import { z } from "zod";

/** Every id but those of subscriptions and catalog items. */
export const idSchema = z.int().positive();

/** A state: known ones are listed with their types, a future one must not break anything. */
export const stateSchema = z.string().min(1);

/**
 * RFC 3339 in UTC, as `toISOString` writes it; null when it is missing or no time. The API also writes `2024-09-15 03:01:00`,
 * in UTC without saying so, and `0000-00-00 00:00:00` for none.
 */
export const momentSchema = z.string().nullish().catch(null).transform(momentOf);

/** PHP, which Hostinger's panel is written in, hands a flag out as a number or a text at times. */
export const flagSchema = z.union([z.boolean(), z.literal([1, "1", "true"]).transform(() => true), z.literal([0, "0", "false"]).transform(() => false)]);

export const textOrNull = z.string().nullish().catch(null).transform(orNull);
export const numberOrNull = z.number().nullish().catch(null).transform(orNull);
/** More than that is no price, and PostgreSQL's INTEGER does not hold it. */
const MOST_CENTS = 2 ** 31 - 1;
/** A price: whole cents; what is none is not known. */
export const centsOrNull = z.int().nonnegative().max(MOST_CENTS).nullish().catch(null).transform(orNull);
export const idOrNull = idSchema.nullish().catch(null).transform(orNull);

/** A list whose entries stand for themselves: one that cannot be read is left out, so that it spoils the list for nobody. If none can be read, it is no list. */
export function readableOf<T>(item: z.ZodType<T>): z.ZodType<T[]> {
  return z.array(z.unknown()).transform((entries, context) => {
    const parsed = entries.map((entry) => item.safeParse(entry));
    const readable = parsed.flatMap(({ data }) => (data === undefined ? [] : [data]));
    if (entries.length > 0 && readable.length === 0) for (const { code, path, message } of parsed[0]!.error!.issues) context.addIssue({ code: "custom", path: [0, ...path], message: message || code });
    return readable;
  });
}

const MOMENT = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|[+-]\d\d:?\d\d)?$/i;

function momentOf(text: string | null | undefined): string | null {
  const [, date, time, zone = "Z"] = MOMENT.exec(text?.trim() ?? "") ?? [];
  const ms = Date.parse(`${date}T${time}${zone.toUpperCase().replace(/^(...)(\d\d)$/, "$1:$2")}`);
  // The epoch's begin, and what is before, is how nothing is written.
  return ms > 0 ? new Date(ms).toISOString() : null;
}

function orNull<T>(value: T | null | undefined): T | null {
  return value ?? null;
}
