/** Values that go into a script: each is checked, and named but never quoted by a refusal. */
import { UserVpsError } from "../providers/core/errors.ts";
import { hostnameFault } from "../providers/core/hostname.ts";
import { urlFault } from "./download-url.ts";
import { unrepresentable } from "./post-install-quoting.ts";

/** libcrypt's CRYPT_MAX_PASSPHRASE_SIZE (512) less the NUL; chpasswd fails on the VPS beyond it. */
const PASSWORD_LIMIT_BYTES = 511;

/** @throws UserVpsError SCRIPT_VALUE_UNREPRESENTABLE */
export function checkedValue(variable: string, value: string, furtherFault?: (value: string) => string | undefined): string {
  const fault = unrepresentable(value) ?? furtherFault?.(value);
  if (fault !== undefined) throw new UserVpsError("SCRIPT_VALUE_UNREPRESENTABLE", `${variable} ${fault}.`);
  return value;
}

export const hostnameValue = (variable: string, value: string) => checkedValue(variable, value, hostnameFault);
export const urlValue = (variable: string, value: string) => checkedValue(variable, value, urlFault);
export const passwordValue = (variable: string, value: string) => checkedValue(variable, value, passwordFault);

function passwordFault(value: string): string | undefined {
  return Buffer.byteLength(value, "utf8") > PASSWORD_LIMIT_BYTES
    ? `is longer than ${PASSWORD_LIMIT_BYTES} bytes, the most that the VPS's password hash takes`
    : undefined;
}
