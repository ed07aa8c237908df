import { SECOND_MS } from "../core/time.ts";

/**
 * How far this machine's clock may be from Hostinger's: more than an answer takes, by whose `Date` that one is told, and
 * less than anything that is told apart by it lies apart.
 */
export const LARGEST_SKEW_MS = 30 * SECOND_MS;
