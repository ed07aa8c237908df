import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { messageOf, UserVpsError } from "../../providers/core/errors.ts";

/**
 * To be called right after `spawn`, before anything of the child is used. With no descriptor left Node hands back a child
 * without pipes and tells why in an `error` event, which ends the whole process if nobody listens.
 *
 * @throws UserVpsError ENGINE_FAILED if it was not started
 */
export async function hasStarted(child: ChildProcess, what: string): Promise<void> {
  if (child.pid !== undefined) return;
  const [error] = await once(child, "error") as [Error];
  throw new UserVpsError("ENGINE_FAILED", `\`${what}\` cannot be started: ${messageOf(error)}.`, { next: "Raise the limit of open files (LimitNOFILE) if it says EMFILE or ENFILE, and that of processes (TasksMax) if it says EAGAIN.", cause: error });
}
