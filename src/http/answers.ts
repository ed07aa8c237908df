/** The refusals that a route can answer with, for its OpenAPI description. */
import { z } from "zod";
import { ERROR_SHAPE } from "./error-answer.ts";
import { text } from "./texts.ts";

/** By status; the name is what the description's components call it. */
export const REFUSALS = {
  400: { name: "Malformed", description: "The request is malformed, or has fields that are not known." },
  401: { name: "NotSignedIn", description: "No token, or none that is valid." },
  403: { name: "NotAllowed", description: "The token does not allow it." },
  404: { name: "NotFound", description: "There is no such thing, or it is not the caller's." },
  409: { name: "Conflict", description: "It does not fit the present state." },
  413: { name: "TooLong", description: "The body is too long." },
  415: { name: "NotJson", description: "The body is not JSON." },
  422: { name: "Unusable", description: "A value cannot be used." },
  429: { name: "TooMany", description: "Too many requests." },
  500: { name: "Failed", description: "The service failed." },
  503: { name: "Unavailable", description: "The service cannot answer for the moment." },
} as const;

type RefusalStatus = keyof typeof REFUSALS;

/** @param statuses besides those that every route may answer with */
export function refusals<S extends RefusalStatus>(...statuses: S[]) {
  const all = [400, ...statuses, 429, 500, 503] as const;
  return Object.fromEntries(all.map((status) => [status, refusal(REFUSALS[status].description)])) as Record<S | 400 | 429 | 500 | 503, ReturnType<typeof refusal>>;
}

function refusal(description: string) {
  return { description, content: { "application/json": { schema: ERROR_SHAPE } } };
}

/** For a route that wants nothing in its body: none, or `{}`. */
export const NO_FIELDS = z.strictObject({}).optional();

export const REASON = text(500).describe("Why; it is recorded.");

/** For an operator's action that wants nothing but perhaps to be explained: none, `{}` or a reason. */
export const REASON_ONLY = z.strictObject({ reason: REASON.optional() }).optional();

export const BODY_REFUSALS = [413, 415] as const;
