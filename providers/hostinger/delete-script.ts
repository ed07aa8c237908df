import { removeForSure } from "../core/removal.ts";
import { undefinedIfNotFound } from "./api/not-found.ts";
import type { Session } from "./session.ts";

/** `DELETE /post-install-scripts/{id}`; a script that is already gone is as wished, one that stays is an error. */
export async function deleteScript({ client, signal }: Session, scriptId: number): Promise<void> {
  await removeForSure({
    what: `Post-install script ${scriptId}`,
    remove: () => isFound(client.scripts.delete(scriptId, { signal })),
    isThere: () => isFound(client.scripts.get(scriptId, { signal })),
    signal,
  });
}

async function isFound(call: Promise<unknown>): Promise<boolean> {
  return (await undefinedIfNotFound(call.then(() => true))) ?? false;
}
