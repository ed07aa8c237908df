import type { ErrorCode, UserVpsError } from "../../providers/core/errors.ts";
import { OF_THE_VM } from "../provisioning/pool/of-the-vm.ts";
import type { VpsRecord } from "../records/index.ts";

/** Of these nothing changes by trying again. */
const AT_ONCE: ReadonlySet<ErrorCode> = new Set(["VM_GONE", "VM_MISMATCH", "VM_ERROR", "VM_SUSPENDED", "SSH_LOGIN_REFUSED"]);
const TRIES = 3;

/** Whether the VM that a user has got from a pool, and has never had ready, is not to be tried any more. */
export function isPoolMembersFault({ poolMemberId, readyAt }: Pick<VpsRecord, "poolMemberId" | "readyAt">, { code, message }: Pick<UserVpsError, "code" | "message">, attempt: number): boolean {
  if (poolMemberId === null || readyAt !== null) return false;
  if (AT_ONCE.has(code)) return true;
  // Name and certificate are there by then; it is the VPS itself that does not answer.
  const isOfTheVm = OF_THE_VM.has(code) || (code === "HEALTH_CHECK_FAILED" && /\bat (?:TCP|HTTP) for\b/.test(message));
  return isOfTheVm && (attempt >= TRIES || code === "HEALTH_CHECK_FAILED");
}
