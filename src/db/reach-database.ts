/** The service's database, for whoever looks into it from beside the service. */
import { access } from "node:fs/promises";
import { join } from "node:path";
import type { Environment } from "../config/index.ts";
import { startEmbedded } from "./embedded.ts";
import { defaultEmbeddedFolder } from "./embedded-folder.ts";

export interface ReachedDatabase {
  /** With user and password. */
  readonly url: string;
  /** Where the project's own PostgreSQL keeps it; undefined if it is somebody else's. */
  readonly folder: string | undefined;
  close(): Promise<void>;
}

/**
 * DATABASE_URL, else the PostgreSQL of the project's own, if it was ever made. Whether the former
 * answers is not tried.
 *
 * @returns undefined if there is neither
 */
export async function reachDatabase(env: Environment): Promise<ReachedDatabase | undefined> {
  if (env["DATABASE_URL"]) return { url: env["DATABASE_URL"], folder: undefined, close: async () => undefined };
  const chosen = env["USER_VPS_DATA_FOLDER"] || undefined;
  const folder = chosen ?? defaultEmbeddedFolder(env);
  const wasMade = await access(join(folder, "data", "PG_VERSION")).then(() => true, () => false);
  if (!wasMade) return undefined;
  const server = await startEmbedded({ folder: chosen });
  return { url: server.url, folder, close: () => server.release() };
}
