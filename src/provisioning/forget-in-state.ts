import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StateResource } from "./state-backend.ts";

export interface ForgetOptions {
  readonly stackName: string;
  /** Of this run alone, and removed with it. */
  readonly folder: string;
  /** Calls the CLI; returns what it printed. */
  readonly cli: (...args: string[]) => Promise<string>;
}

/** As far as it is touched here. */
interface Deployment {
  pending_operations?: unknown;
  resources?: Exported[];
}
type Exported = StateResource & { dependencies?: string[] | null; propertyDependencies?: Record<string, string[] | null> | null };

/**
 * Takes pending operations out of a stack's state, and resources that are nobody's to delete any more; what depends on them stays.
 * The engine knows no command for that but to import a state without them. The Automation API's two
 * calls for that would write the state with its secrets in plain text into the folder for temporary
 * files; here they stay encrypted, as the engine exports and imports them.
 */
export async function forgetInState({ stackName, folder, cli }: ForgetOptions, isForgotten: (resource: StateResource) => boolean): Promise<void> {
  const exported = JSON.parse(await cli("stack", "export", "--stack", stackName)) as { deployment: Deployment };
  delete exported.deployment.pending_operations;
  const { resources } = exported.deployment;
  if (resources) exported.deployment.resources = without(resources, isForgotten);
  const file = join(folder, "state.json");
  await writeFile(file, JSON.stringify(exported), { mode: 0o600 });
  await cli("stack", "import", "--file", file, "--stack", stackName);
}

/** The engine imports no state that refers to what is not there. */
function without(resources: readonly Exported[], isForgotten: (resource: StateResource) => boolean): Exported[] {
  const left = resources.filter((resource) => !isForgotten(resource));
  const urns = new Set(left.map(({ urn }) => urn));
  const there = (names: string[]) => names.filter((urn) => urns.has(urn));
  return left.map(({ dependencies, propertyDependencies, ...rest }) => ({
    ...rest,
    ...(dependencies && { dependencies: there(dependencies) }),
    ...(propertyDependencies && { propertyDependencies: Object.fromEntries(Object.entries(propertyDependencies).map(([property, names]) => [property, names && there(names)])) }),
  }));
}
