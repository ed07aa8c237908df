import { readSettingFile } from "../../providers/core/setting-file.ts";
import { VARIABLES } from "../config/index.ts";
import type { Environment, Settings } from "../config/index.ts";

/** What is the service's own business: neither the engine nor a provider gets to see it. */
const KEPT: ReadonlySet<string> = new Set([
  VARIABLES.databaseUrl.name, VARIABLES.stateBackendUrl.name, VARIABLES.jwtSecret.name, VARIABLES.credentialsKeys.name, VARIABLES.metricsToken.name, VARIABLES.oidcClientSecret.name,
  VARIABLES.notificationTargets.name, VARIABLES.notificationTargetsFile.name,
  // An operator's, of the command line.
  "USER_VPS_TOKEN",
]);

/** What goes into a header as it is, in programs that are not ours. */
const TOKENS: ReadonlySet<string> = new Set([VARIABLES.hostingerApiKey.name, VARIABLES.cloudflareApiToken.name]);

/** The environment of an engine. What is empty is left out: an empty passphrase would beat the one in PULUMI_CONFIG_PASSPHRASE_FILE. */
export function engineVariables(env: Environment): Environment {
  return Object.fromEntries(
    Object.entries(env)
      .filter(([name, value]) => !KEPT.has(name) && value !== "")
      .map(([name, value]) => [name, TOKENS.has(name) ? value?.trim() : value]),
  );
}

/**
 * With the token that HOSTINGER_API_KEY_FILE names at this moment in place of the file: whoever has this for as long as it
 * lives works with one account, whatever the file holds by then. A worker's own client reads it once as well.
 *
 * @throws UserVpsError CONFIG_INVALID
 */
export function withTokenOfNow(env: Environment): Environment {
  const { hostingerApiKey: { name }, hostingerApiKeyFile: { name: nameOfFile } } = VARIABLES;
  const file = env[nameOfFile];
  return env[name] || !file ? env : { ...env, [name]: readSettingFile(nameOfFile, file).trim(), [nameOfFile]: undefined };
}

/** The values of all settings that are secrets, for the redaction of logs. */
export function secretsOf(settings: Settings): string[] {
  const ofTargets = (settings.notificationTargets ?? []).flatMap((target) => (target.format === "webhook" ? target.secrets : target.format === "slack" ? [target.url] : [new URL(target.smtp).password]));
  const own = Object.entries(VARIABLES)
    .filter(([, variable]) => "secret" in variable)
    .map(([key]) => settings[key as keyof typeof VARIABLES])
    .filter((value): value is string => typeof value === "string");
  return [...own, ...ofTargets];
}
