/**
 * What an operator of the service does where a provider advises to change a setting of the stack. The service
 * declares its stacks by its records: what is set by hand is gone with the next run, and a VM that is
 * bought by it passes no guard and stands in no books.
 */
import type { ErrorCode } from "../../providers/core/errors.ts";

interface Advice {
  readonly code: ErrorCode;
  /** The setting that the provider names. */
  readonly setting: string;
  readonly next: (username: string) => string;
}

/** The title of a section of docs/runbook.md. */
const DIFFERS = "A VM differs from what is declared, and `up` does not mend it";

const ADVICE: readonly Advice[] = [
  { code: "VM_GONE", setting: "allowReplaceOf", next: (username) => `See in the Hostinger panel what became of it. If it is lost for good, \`user-vps replace ${username}\` buys another one, without its data.` },
  { code: "CHANGE_REFUSED", setting: "allowReplaceOf", next: () => `Nothing was bought. How the VM is kept as it is: docs/runbook.md, "${DIFFERS}".` },
  { code: "CHANGE_REFUSED", setting: "allowRecreateOf", next: (username) => `Nothing was wiped. How the VM is kept as it is: docs/runbook.md, "${DIFFERS}"; \`user-vps recreate ${username}\` wipes it.` },
  { code: "VM_NOT_OURS", setting: "importVmId", next: () => 'Find out whose it is: docs/runbook.md, "A VM has the user\'s host name, and is not taken".' },
];

/** @param advised by the provider @returns undefined where that serves an operator as well */
export function operatorsAdvice(username: string, code: ErrorCode, advised: string): string | undefined {
  return ADVICE.find((one) => one.code === code && advised.includes(one.setting))?.next(username);
}
