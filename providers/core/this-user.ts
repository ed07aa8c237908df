/** As whom this runs: a container may give a process a number that has no entry in /etc/passwd. */
import { homedir, userInfo } from "node:os";
import { UserVpsError } from "./errors.ts";

/** Who has no name is called by the number: `uid-1000730000`. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.()}`;
  }
}

/** @throws UserVpsError CONFIG_INVALID where neither HOME nor /etc/passwd tells */
export function homeFolder(env: Readonly<Record<string, string | undefined>>): string {
  if (env["HOME"]) return env["HOME"];
  try {
    return homedir() || userInfo().homedir;
  } catch (error) {
    throw new UserVpsError("CONFIG_INVALID", `The user that this runs as, ${userName()}, has no home: HOME is not set, and /etc/passwd does not have the user.`, { next: "Set HOME to a folder that this user may write to.", cause: error });
  }
}
