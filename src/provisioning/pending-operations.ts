import { writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface ForgetOptions {
  readonly stackName: string;
  /** Of this run alone, and removed with it. */
  readonly folder: string;
  /** Calls the CLI; returns what it printed. */
  readonly cli: (...args: string[]) => Promise<string>;
}

/**
 * The engine knows no command for it but to import a state without them. The Automation API's two
 * calls for that would write the state with its secrets in plain text into the folder for temporary
 * files; here they stay encrypted, as the engine exports and imports them.
 */
export async function forgetPendingOperations({ stackName, folder, cli }: ForgetOptions): Promise<void> {
  const exported = JSON.parse(await cli("stack", "export", "--stack", stackName)) as { deployment: Record<string, unknown> };
  delete exported.deployment["pending_operations"];
  const file = join(folder, "state.json");
  await writeFile(file, JSON.stringify(exported), { mode: 0o600 });
  await cli("stack", "import", "--file", file, "--stack", stackName);
}
