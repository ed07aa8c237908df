/** Any error -> the one shape that every refusal of the service has. */
import type { FastifyError } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { z } from "zod";
import { isDatabaseOutage } from "../db/outage.ts";
import { UserVpsError, type ErrorCode } from "../../providers/core/errors.ts";
import { HTTP_ERRORS, HttpError, type ErrorDetail, type HttpErrorCode } from "./http-error.ts";

export const ERROR_SHAPE = z.object({
  error: z.object({
    code: z.string().describe("For programs: stays the same."),
    message: z.string().describe("For people: what was expected and what was got."),
    next: z.string().optional().describe("What to do about it."),
    requestId: z.string().describe("Finds the request in the log; also in the header X-Request-Id."),
    details: z.array(z.object({ path: z.string(), message: z.string() })).optional().describe("Each part that is wrong."),
  }),
}).meta({ id: "Error" });

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: z.output<typeof ERROR_SHAPE>;
}

/** The codes of the catalogue that the caller can do something about; all others are 500 to them. */
export const STATUS_OF: Partial<Record<ErrorCode, number>> = { USERNAME_INVALID: 422, INPUT_INVALID: 422, USERNAME_TAKEN: 409, VPS_EXISTS: 409, PLAN_NOT_ALLOWED: 403, RELEASE_EXISTS: 409, ROLL_OUT_OPEN: 409, DATABASE_FAILED: 503 };

const CODE_OF_FASTIFY: Readonly<Record<string, HttpErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "BODY_TOO_LARGE",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "CONTENT_TYPE_UNSUPPORTED",
};

export function answerOf(error: unknown, requestId: string): ErrorAnswer {
  if (error instanceof UserVpsError && STATUS_OF[error.code]) return shape(STATUS_OF[error.code]!, error.code, error.bareMessage, error.next, requestId);
  if (isDatabaseOutage(error)) return shape(503, "DATABASE_FAILED", "The database cannot be reached.", "Try again in a moment.", requestId, undefined, { "retry-after": "5" });
  const { code, message, details, headers } = httpErrorOf(error);
  return shape(HTTP_ERRORS[code].status, code, message, HTTP_ERRORS[code].next, requestId, details, headers);
}

function shape(status: number, code: string, message: string, next: string, requestId: string, details?: readonly ErrorDetail[], headers: Readonly<Record<string, string>> = {}): ErrorAnswer {
  return { status, headers, body: { error: { code, message, next, requestId, ...(details ? { details: [...details] } : {}) } } };
}

function httpErrorOf(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) return invalidRequest(error.validation, (error as FastifyError).validationContext);
  const { code = "", statusCode = 500, message = "malformed" } = (error ?? {}) as Partial<FastifyError>;
  const known = CODE_OF_FASTIFY[code];
  if (known) return new HttpError(known, message);
  if (statusCode >= 400 && statusCode < 500) return new HttpError("REQUEST_INVALID", message, { details: [{ path: "body", message }] });
  return new HttpError("INTERNAL", "Something went wrong in the service.", { cause: error });
}

function invalidRequest(issues: readonly { instancePath: string; message?: string; params: unknown }[], context = "body"): HttpError {
  const place = context === "querystring" ? "query" : context;
  const details = issues.map(({ instancePath, message = "malformed" }) => ({ path: [place, ...instancePath.split("/").filter(Boolean)].join("."), message }));
  return new HttpError("REQUEST_INVALID", details.map(({ path, message }) => `${path}: ${message}`).join("; "), { details });
}
