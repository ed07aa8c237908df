import { join } from "node:path";
import { SECONDS_VARIABLES } from "../../providers/hostinger/seconds-variables.ts";
import { envFileDifferences, envFileMisspellings } from "./env-file.ts";
import { currentFolder, readEnvFile } from "./environment.ts";
import { VARIABLES } from "./variables.ts";

/** Names of other programs may stand in a `.env` as well: only what looks like one of these is doubted. */
const KNOWN = [...Object.values(VARIABLES), ...Object.values(SECONDS_VARIABLES)].map(({ name }) => name);

/** What in the file `.env` would be read differently elsewhere or not at all, a line each; for whoever starts the program, not for its work. */
export function doubtsOfEnvironment(folder: string = currentFolder()): string[] {
  const text = readEnvFile(folder, ".env") ?? "";
  return [...envFileDifferences(text), ...envFileMisspellings(text, KNOWN)].map((doubt) => `${join(folder, ".env")}, ${doubt}`);
}
