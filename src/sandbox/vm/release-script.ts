import { readCommands } from "./shell-commands.ts";
import { scriptVariables } from "./script-variables.ts";

/** What a script that is sent over SSH would install. */
export interface ReleaseOrder {
  version: string;
  conductor: { url: string; sha256: string } | null;
  cli: { url: string; sha256: string } | null;
  /** Whether checksums are looked at, the service is restarted, its health asked for, and the previous program put back. */
  verifies: boolean;
  restarts: boolean;
  asksHealth: boolean;
  rollsBack: boolean;
}

/** Reads the script (it is never run); undefined if it installs nothing. */
export function releaseOrder(script: string): ReleaseOrder | undefined {
  const variables = scriptVariables(script);
  const lines = readCommands(script).map(({ words }) => words.join(" "));
  const program = (name: string) => {
    const url = variables.get(`${name}_URL`) ?? "";
    return url === "" ? null : { url, sha256: variables.get(`${name}_SHA256`) ?? "" };
  };
  const has = (pattern: RegExp) => lines.some((line) => pattern.test(line));
  const conductor = program("CONDUCTOR");
  const cli = program("CLI");
  if (conductor === null && cli === null) return undefined;
  return {
    version: variables.get("RELEASE_VERSION") ?? "",
    conductor,
    cli,
    verifies: has(/^(?:! )?sha256sum .*--check/),
    restarts: has(/systemctl restart conductor/),
    asksHealth: has(/curl .*http:\/\/localhost:8080\/health/),
    rollsBack: has(/^put .*conductor\.previous"? conductor$/),
  };
}
