import type { z } from "zod";
import { UserVpsError } from "../../providers/core/errors.ts";
import { acmeFaults } from "../../stacks/acme.ts";
import type { Role } from "./roles.ts";
import { KEY_SERVICE_SECRETS, VARIABLES, type Variable } from "./variables.ts";

type ValueOf<V> = V extends { readonly schema: z.ZodType<infer T> } ? T | (V extends { readonly byDefault: string } ? never : undefined) : never;

/** The service's settings; `variables.ts` says what each is. Frozen. Secrets among them: never log it as a whole. */
export type Settings = Readonly<{ role: Role } & { [Key in keyof typeof VARIABLES]: ValueOf<(typeof VARIABLES)[Key]> }>;

/** Exactly one of each group has to be set, but by a process of that role. */
export const ALTERNATIVES: readonly { readonly variables: readonly [Variable<unknown>, ...Variable<unknown>[]]; readonly notFor: Role }[] = [
  { variables: [VARIABLES.hostingerApiKey, VARIABLES.hostingerApiKeyFile], notFor: "http" },
  { variables: [VARIABLES.passphrase, VARIABLES.passphraseFile, VARIABLES.secretsProvider], notFor: "http" },
  { variables: [VARIABLES.jwtSecret, VARIABLES.jwtJwksUrl], notFor: "worker" },
];

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads and checks the settings that a role needs. An empty variable counts as missing.
 *
 * @throws UserVpsError CONFIG_INVALID that names everything missing or malformed at once, each with an example
 */
export function readSettings({ env, role }: { env: Environment; role: Role }): Settings {
  const spare = spareSecrets({ env, role });
  const problems = env[VARIABLES.refuseSpareSecrets.name] === "true" ? spare.map((name) => `${name}: expected not to be here, for a process of the role '${role}' has no use for it`) : [];
  const values: Record<string, unknown> = { role };
  for (const [key, variable] of Object.entries<Variable<unknown>>(VARIABLES)) {
    // What is of no use is not even read.
    if (spare.includes(variable.name)) continue;
    const text = env[variable.name] || variable.byDefault;
    if (text === undefined) {
      if (variable.requiredFor?.includes(role)) problems.push(missing(variable));
      continue;
    }
    const parsed = variable.schema.safeParse(text);
    if (parsed.success) values[key] = parsed.data;
    else problems.push(`${variable.name}: ${parsed.error.issues[0]?.message ?? "malformed"}, for example ${example(variable)}`);
  }
  const given = (variable: Variable<unknown>) => Boolean(env[variable.name]);
  for (const { variables, notFor } of ALTERNATIVES) if (role !== notFor) problems.push(...onlyOne(given, ...variables));
  if (given(VARIABLES.oidcIssuer) && role !== "worker") problems.push(...[VARIABLES.oidcClientId, VARIABLES.oidcRoles, VARIABLES.publicUrl].filter((one) => !given(one)).map((one) => `${missing(one)}: OIDC_ISSUER needs it`));
  // Of the account, `http` has only the half that is no secret.
  if (role !== "http") problems.push(...acmeFaults(values));
  if (problems.length > 0) throw refused(problems);
  return Object.freeze(values) as Settings;
}

/** The names of what is set and what a process of this role has no use for: whoever gets into it would get that as well. */
export function spareSecrets({ env, role }: { env: Environment; role: Role }): string[] {
  const own = Object.values<Variable<unknown>>(VARIABLES).filter(({ onlyFor }) => onlyFor && !onlyFor.includes(role)).map(({ name }) => name);
  return [...own, ...(role === "http" ? KEY_SERVICE_SECRETS : [])].filter((name) => env[name]);
}

function onlyOne(given: (variable: Variable<unknown>) => boolean, ...choices: [Variable<unknown>, ...Variable<unknown>[]]): string[] {
  const set = choices.filter(given);
  const [first, ...others] = choices;
  if (set.length === 0) return [`${missing(first)}${others.map(({ name }) => ` (or ${name})`).join("")}`];
  return set.length > 1 ? [`only one of ${set.map(({ name }) => name).join(", ")} may be set`] : [];
}

function missing(variable: Variable<unknown>): string {
  return `${variable.name} is missing, for example ${example(variable)}`;
}

function example(variable: Variable<unknown>): string {
  return `${variable.name}='${variable.example}'`;
}

function refused(problems: readonly string[]): UserVpsError {
  const count = problems.length === 1 ? "1 setting" : `${problems.length} settings`;
  return new UserVpsError("CONFIG_INVALID", `${count} cannot be used:\n  - ${problems.join("\n  - ")}\n`, {
    next: "Set them in the environment or in the file .env. `npm run demo` shows everything without an account and needs none of them.",
  });
}
