import { join } from "node:path";
import { SECONDS_VARIABLES } from "../../providers/hostinger/seconds-variables.ts";
import { envFileDifferences, envFileLinesOf, envFileMisspellings } from "./env-file.ts";
import { currentFolder, readEnvFile } from "./environment.ts";
import type { Environment } from "./settings.ts";
import { VARIABLES } from "./variables.ts";

/** Names of other programs may stand in a `.env` as well: only what looks like one of these is doubted. */
const KNOWN = [...Object.values(VARIABLES), ...Object.values(SECONDS_VARIABLES)].map(({ name }) => name);

/** Node reads these when it starts, before anybody reads a file; its engines' processes get them from there. */
const TOO_LATE: ReadonlySet<string> = new Set(["NODE_EXTRA_CA_CERTS", "NODE_OPTIONS"]);

/** What in the file `.env` would be read differently elsewhere or not at all, a line each; for whoever starts the program, not for its work. */
export function doubtsOfEnvironment(folder: string = currentFolder(), env: Environment = process.env): string[] {
  const text = readEnvFile(folder, ".env") ?? "";
  const tooLate = envFileLinesOf(text, TOO_LATE).filter(({ name }) => env[name] === undefined)
    .map(({ line, name }) => `line ${line}: ${name} comes too late from a file for this process, which has started by then. Set it in the environment.`);
  return [...envFileDifferences(text), ...envFileMisspellings(text, KNOWN), ...tooLate].map((doubt) => `${join(folder, ".env")}, ${doubt}`);
}
