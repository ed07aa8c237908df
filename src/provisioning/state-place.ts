/** Where the stacks' state is, for commands: one answer for those that open stacks and for doctor, which looks there. */
import { VARIABLES, type Environment } from "../config/index.ts";
import { reachDatabase } from "../db/index.ts";

export interface StatePlace {
  readonly url: string;
  /** The variable that leads there, or what else it is. */
  readonly namedBy: string;
  close(): Promise<void>;
}

/** As for the plain Pulumi CLI, its own variable comes first; a service never reads that one. */
const VARIABLES_OF_PLACE = ["PULUMI_BACKEND_URL", VARIABLES.stateBackendUrl.name] as const;

/** Who keeps stacks where the plain Pulumi CLI looks sets their settings; those of the service are declared by its records. */
export function isServices({ namedBy }: Pick<StatePlace, "namedBy">): boolean {
  return namedBy !== VARIABLES_OF_PLACE[0];
}

/** undefined: nothing leads to one. */
export async function statePlace(env: Environment): Promise<StatePlace | undefined> {
  const namedBy = VARIABLES_OF_PLACE.find((name) => env[name]);
  if (namedBy !== undefined) return { url: env[namedBy]!, namedBy, close: async () => undefined };
  const database = await reachDatabase(env);
  return database && { url: database.url, namedBy: database.folder === undefined ? VARIABLES.databaseUrl.name : "the service's own PostgreSQL", close: () => database.close() };
}
