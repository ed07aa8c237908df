import type { ErrorCode } from "../../providers/core/errors.ts";

/** Hostinger has no code of its own for it: a refusal (422) whose words say that the plan is not sold there, or not any more. */
const WORDS = /out of stock|sold out|no (?:free )?capacity|not (?:currently )?available|unavailable|no longer (?:sold|available|offered)|discontinued/i;
const SUBJECT = /plan|item|data.?cent|stock|capacity|location/i;

/** Whether a purchase was refused because the plan cannot be had in this data center. */
export function isOutOfStock(code: ErrorCode, message: string): boolean {
  return code === "API_REJECTED" && WORDS.test(message) && SUBJECT.test(message);
}
