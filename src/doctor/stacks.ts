import { reasonOf, UserVpsError, wordsOf } from "../../providers/core/errors.ts";
import { PROJECT_NAME } from "../../stacks/project-name.ts";
import { VARIABLES } from "../config/index.ts";
import { StateBackend } from "../provisioning/state-backend.ts";
import { databaseOf } from "./reach.ts";
import { failed, ok, skipped } from "./check.ts";
import type { CheckContext, Finding } from "./check.ts";

/** Whether the stacks' state is found where the engine looks for it: its keys begin with the database's name. Makes nothing. */
export async function checkStacks(context: CheckContext): Promise<Finding> {
  const given = context.env[VARIABLES.stateBackendUrl.name];
  const database = given ? undefined : await databaseOf(context).catch(() => undefined);
  const url = given ?? database?.url;
  if (!url) return skipped("stacks", "there is no database to look into");
  let backend: StateBackend | undefined;
  try {
    backend = new StateBackend(url, PROJECT_NAME);
    const stacks = await backend.countStacks();
    if (stacks === undefined) return ok("stacks", "none yet");
    await backend.refuseOtherName();
    return ok("stacks", `${stacks} in Pulumi's state`);
  } catch (error) {
    if (error instanceof UserVpsError) return failed("stacks", wordsOf(error).message, error.next);
    return skipped("stacks", `the state cannot be read: ${reasonOf(error)}`);
  } finally {
    await backend?.close();
    await database?.close();
  }
}
