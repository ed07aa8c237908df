import type { ErrorCode, UserVpsError } from "../../providers/core/errors.ts";

const REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["CHANGE_REFUSED", "VM_GONE"]);

/** Refusals of a provider's `check`: what they say is a part of a preview's result. All else is a failure. */
export function isRefusal({ code }: UserVpsError): boolean {
  return REFUSALS.has(code);
}
