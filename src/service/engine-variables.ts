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

/** The values of all settings that are secrets, for the redaction of logs. */
export function secretsOf(settings: Settings): string[] {
  const ofTargets = (settings.notificationTargets ?? []).flatMap((target) => (target.format === "webhook" ? target.secrets : target.format === "slack" ? [target.url] : [new URL(target.smtp).password]));
  const own = Object.entries(VARIABLES)
    .filter(([, variable]) => "secret" in variable)
    .map(([key]) => settings[key as keyof typeof VARIABLES])
    .filter((value): value is string => typeof value === "string");
  return [...own, ...ofTargets];
}
