import { UserVpsError } from "../../providers/core/errors.ts";
import { envFileDifferences, envFileLine, parseEnvFile } from "./env-file.ts";
import { spareSecrets } from "./settings.ts";
import { VARIABLES } from "./variables.ts";

/** Secrets of whoever faces the network: a worker has no port, no users' tokens and no sessions. */
const ONLY_HTTP: ReadonlySet<string> = new Set([VARIABLES.jwtSecret, VARIABLES.oidcClientSecret, VARIABLES.metricsToken].map(({ name }) => name));

/** Secrets of no role: of an operator's commands, and of compose, which reads the `.env` itself. */
const OF_NO_ROLE: ReadonlySet<string> = new Set(["USER_VPS_TOKEN", "PULUMI_BACKEND_URL", "PULUMI_ACCESS_TOKEN", "POSTGRES_PASSWORD"]);

/**
 * A `.env` as two, so that neither role holds secrets of which it has no use. Empty variables are left out.
 *
 * @throws UserVpsError CONFIG_INVALID if systemd or Docker would read a value differently, which would be two settings from one file
 */
export function splitByRole(text: string): { readonly http: string; readonly worker: string } {
  const differences = envFileDifferences(text);
  if (differences.length > 0) throw new UserVpsError("CONFIG_INVALID", `The .env cannot be split:\n  - ${differences.join("\n  - ")}\n`, { next: "Mend these lines, then split it again." });
  const env = parseEnvFile(text);
  const unfit = Object.keys(env).filter((name) => /['\r\n]/.test(env[name]!));
  if (unfit.length > 0) throw new UserVpsError("CONFIG_INVALID", `The .env cannot be split: a line break or a single quote in ${unfit.join(", ")} would not be read alike by systemd and Docker.`, { next: "Leave it out of .env, and give it to the role that needs it in another way." });
  const spare = new Set(spareSecrets({ env, role: "http" }));
  const without = (left: ReadonlySet<string>) => fileOf(env, (name) => !left.has(name) && !OF_NO_ROLE.has(name));
  return { http: without(spare), worker: without(ONLY_HTTP) };
}

function fileOf(env: Readonly<Record<string, string>>, isFor: (name: string) => boolean): string {
  const lines = Object.entries(env).filter(([name, value]) => value !== "" && isFor(name)).map(([name, value]) => envFileLine(name, value));
  return `# Written by \`user-vps init --split\` from .env: change that file, not this one.\n${lines.join("\n")}\n`;
}
