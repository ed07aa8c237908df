import { z } from "zod";
import { catalogItemOf, PLANS } from "../providers/hostinger/api/specification.ts";

/** A plan's id, name or catalog item -> the catalog item that a purchase names. A newer item than these is known to Hostinger alone. */
export const planItem = z.string()
  .refine((name) => catalogItemOf(name) !== undefined, `expected one of ${PLANS.map(({ itemId }) => itemId).join(", ")}, or another item of Hostinger's catalog`)
  .transform((name) => catalogItemOf(name)!);
