import { isCalledAsAnothers } from "../../providers/hostinger/own-name.ts";
import type { Queryable } from "../db/queryable.ts";
import { findVpsByUserId, ownHostnames } from "../records/index.ts";
import type { Finding } from "./finding.ts";

/**
 * By the rule by which `up` is refused: the name that the VM has, if it is another user's as far as anybody can tell.
 *
 * @param findings of one user
 */
export async function anothersName(db: Queryable, findings: readonly Pick<Finding, "kind" | "userId" | "actual">[]): Promise<string | undefined> {
  const renamed = findings.find(({ kind }) => kind === "VmRenamed");
  const user = renamed?.userId ? await findVpsByUserId(db, renamed.userId) : undefined;
  if (!renamed || !user?.hostingerVmId) return undefined;
  return isCalledAsAnothers({ id: user.hostingerVmId, hostname: renamed.actual }, await ownHostnames(db, user.userId)) ? renamed.actual : undefined;
}
