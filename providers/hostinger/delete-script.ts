import { UserVpsError } from "../core/errors.ts";
import type { Session } from "./session.ts";

/** `DELETE /post-install-scripts/{id}`; a script that is already gone is as wished. */
export async function deleteScript(session: Session, scriptId: number): Promise<void> {
  try {
    await session.client.scripts.delete(scriptId, { signal: session.signal });
  } catch (error) {
    if (!(error instanceof UserVpsError) || error.code !== "API_NOT_FOUND") throw error;
  }
}
