import { UserVpsError } from "../../../providers/core/errors.ts";
import type { ErrorCode } from "../../../providers/core/errors.ts";

/** What tells of the VM, and not of Hostinger, the zone, the engine or this machine: with another VM it may be otherwise. */
export const OF_THE_VM: ReadonlySet<ErrorCode> = new Set([
  "VM_GONE", "VM_MISMATCH", "VM_ERROR", "VM_SUSPENDED", "VM_LOCKED", "VM_NOT_RUNNING", "VM_ACTION_FAILED",
  "SSH_UNREACHABLE", "SSH_LOGIN_REFUSED", "SSH_HOST_KEY_WRONG", "HANDOVER_FAILED", "CONFIGURATION_FAILED", "FIRST_BOOT_FAILED",
]);

/** Why a VM does not let itself be given up: another try would end alike. Of its own API alone, for the rest of the stack has other codes. */
export function isOfTheVm(error: unknown): error is UserVpsError {
  return error instanceof UserVpsError && (OF_THE_VM.has(error.code) || error.code === "API_REJECTED");
}
