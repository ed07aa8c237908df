import { reasonOf, UserVpsError, wordsOf } from "../../providers/core/errors.ts";
import { PROJECT_NAME } from "../../stacks/project-name.ts";
import { VARIABLES } from "../config/index.ts";
import { StateBackend } from "../provisioning/state-backend.ts";
import { statePlace, type StatePlace } from "../provisioning/state-place.ts";
import { faultOfEngine } from "./ask-engine.ts";
import { failed, ok, skipped } from "./check.ts";
import type { CheckContext, Finding } from "./check.ts";

/** Whether the stacks' state is found where the engine looks for it, whose keys begin with the database's name, and by the engine itself. Makes nothing. */
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
    const fault = await faultOfEngine(url, context);
    if (fault !== undefined) return failed("stacks", `the engine does not come to Pulumi's state, though this program does (${namedBy}): ${fault}`, `Every run would fail. Look at ${namedBy}, and at variables whose names begin with PG: the engine's driver reads them as well.`);
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
