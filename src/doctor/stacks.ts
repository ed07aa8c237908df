import { reasonOf, UserVpsError, wordsOf } from "../../providers/core/errors.ts";
import { PROJECT_NAME } from "../../stacks/project-name.ts";
import { VARIABLES } from "../config/index.ts";
import { StateBackend } from "../provisioning/state-backend.ts";
import { statePlace, type StatePlace } from "../provisioning/state-place.ts";
import { failed, ok, skipped } from "./check.ts";
import type { CheckContext, Finding } from "./check.ts";

/** Whether the stacks' state is found where the engine looks for it: its keys begin with the database's name. Makes nothing. */
export async function checkStacks(context: CheckContext): Promise<Finding> {
  const place = await placeOf(context).catch(() => undefined);
  if (!place) return skipped("stacks", "there is no database to look into");
  const { url, namedBy } = place;
  if (!/^postgres(ql)?:/.test(url)) return skipped("stacks", `${namedBy} leads to no PostgreSQL, and commands look there`);
  let backend: StateBackend | undefined;
  try {
    backend = new StateBackend(url, PROJECT_NAME);
    const stacks = await backend.countStacks();
    if (stacks === undefined) return ok("stacks", `none yet (${namedBy})`);
    await backend.refuseOtherName();
    return ok("stacks", `${stacks} in Pulumi's state (${namedBy})`);
  } catch (error) {
    if (error instanceof UserVpsError) return failed("stacks", wordsOf(error).message, error.next);
    return skipped("stacks", `the state cannot be read: ${reasonOf(error)}`);
  } finally {
    await backend?.close();
    await place.close();
  }
}

/** Of a service that runs it is known; else where commands look. */
async function placeOf({ databaseUrl, env }: CheckContext): Promise<StatePlace | undefined> {
  if (databaseUrl === undefined) return await statePlace(env);
  const given = env[VARIABLES.stateBackendUrl.name];
  return { url: given || databaseUrl, namedBy: given ? VARIABLES.stateBackendUrl.name : "the service's database", close: async () => undefined };
}
