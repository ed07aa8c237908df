/** What stands in the account for a post-install script: the whole one for as long as a first boot needs it, else a stub. */
import { UserVpsError } from "../core/errors.ts";
import type { PostInstallScript } from "./api/client.ts";
import { undefinedIfNotFound } from "./api/not-found.ts";
import { hasWritten, noteScriptContent } from "./own-writes.ts";
import type { Session } from "./session.ts";
import type { VirtualMachineInputs } from "./virtual-machine-args.ts";

const STUB_MARK = "# user-vps: this script is kept in the stack's state alone, encrypted.";

/** Without a secret, and harmless where it is run: a VM that was installed with it by hand has nothing installed. */
export const STUB = `#!/bin/sh
${STUB_MARK} It is written here before
# a VM is installed with it, and removed again when that VM is healthy.
echo "This is a stub: install the VM by the stack ('up' with allowRecreateOf, or 'user-vps recreate')." >&2
exit 1
`;

export function isStub(content: string | null): boolean {
  return content !== null && content.includes(STUB_MARK);
}

/**
 * Before a VM is bought, set up or wiped with the script, it is the whole one that is there.
 * Errors: API_*; API_NOT_FOUND if somebody has removed it; CHANGE_REFUSED if a stub is there, and nobody says of what.
 */
export async function writeWholeScript(session: Session, { postInstallScriptId: id, postInstallScript: content }: Pick<VirtualMachineInputs, "postInstallScriptId" | "postInstallScript">): Promise<void> {
  if (id === undefined) return;
  if (content === undefined) return await refuseStub(session, id);
  if (hasWritten(session, id, content)) return;
  const { client, signal } = session;
  const script = await client.scripts.get(id, { signal });
  if (script.content !== content) await client.scripts.update(id, { name: script.name, content }, { signal });
  noteScriptContent(session, id, content);
}

/** Also where `ignoreChanges` has taken the content away: the engine keeps no secret of what a refresh has found to differ. */
async function refuseStub(session: Session, id: number): Promise<void> {
  if (!isStub((await scriptOrNone(session, id))?.content ?? null)) return;
  throw new UserVpsError("CHANGE_REFUSED", `Post-install script ${id} is a stub in the Hostinger account, and the VM does not say what it stands for: it would be installed with nothing.`, {
    next: "Give the VirtualMachine the script's content as postInstallScript, and leave it out of `ignoreChanges`.",
  });
}

/**
 * One that is gone holds nothing any more.
 *
 * @param name if it is known, the script is not read for it
 */
export async function writeStub(session: Session, id: number, name?: string): Promise<void> {
  const script = name === undefined ? await scriptOrNone(session, id) : { name, content: null };
  if (!script || isStub(script.content)) return;
  noteScriptContent(session, id, STUB);
  await undefinedIfNotFound(session.client.scripts.update(id, { name: script.name, content: STUB }, { signal: session.signal }));
}

export async function scriptOrNone({ client, signal }: Session, id: number): Promise<PostInstallScript | undefined> {
  return await undefinedIfNotFound(client.scripts.get(id, { signal }));
}
