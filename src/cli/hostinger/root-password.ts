/** Root's password of a VM: from a file, or made and put there. It is never printed. */
import { access, writeFile } from "node:fs/promises";
import { messageOf, UserVpsError } from "../../../providers/core/errors.ts";
import { generatePassword } from "../../../providers/credentials/generate.ts";
import { fileText } from "../argument-values.ts";

export const PASSWORD_FILE_OPTION = {
  flags: "--password-file <file>",
  description: "root's password; made and written there if there is no such file (default: one that nobody gets to know)",
} as const;

export interface RootPassword {
  readonly password: string;
  /** For when it is going to be used: a password that nobody has is of no use. */
  readonly save: () => Promise<void>;
}

export async function rootPassword(file: string | undefined): Promise<RootPassword> {
  const isThere = file !== undefined && (await access(file).then(() => true, () => false));
  if (isThere) return { password: (await fileText(file)).trim(), save: async () => undefined };
  const password = generatePassword();
  return {
    password,
    save: async () => {
      if (file === undefined) return;
      await writeFile(file, `${password}\n`, { mode: 0o600, flag: "wx" }).catch((error: unknown) => {
        throw new UserVpsError("INPUT_INVALID", `${file} cannot be written: ${messageOf(error)}.`, { next: "Name a file that you may write." });
      });
    },
  };
}
