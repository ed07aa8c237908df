import type { Environment } from "../../config/index.ts";
import { namesService } from "../service-client/session-file.ts";

/** Whether the stacks can be opened with what is set here. An operator elsewhere has the service alone. */
export function stacksAreAtHand(env: Environment): boolean {
  return Boolean(env["PULUMI_CONFIG_PASSPHRASE"] || env["PULUMI_CONFIG_PASSPHRASE_FILE"] || env["SECRETS_PROVIDER"]);
}

/** Whether what could be looked at here is left to a worker of the service, which has the stacks. */
export function isLeftToService(env: Environment): boolean {
  return !stacksAreAtHand(env) && namesService(env);
}
