/** The PostInstallScript as Pulumi's engine drives it; loaded at run time by post-install-script.ts. */
import { createHash } from "node:crypto";
import { SECOND_MS } from "../core/time.ts";
import type { CallOptions, PostInstallScript, ScriptRequest } from "./api/client.ts";
import { SCRIPT_LIMIT_BYTES } from "./api/specification.ts";
import { deleteScript } from "./delete-script.ts";
import { noteScriptMade } from "./own-writes.ts";
import { readNewestScripts, refuseWhileOrdered } from "./purchase/index.ts";
import { isStub, scriptOrNone, STUB } from "./script-content.ts";
import { isSetupScriptName } from "./setup-script-name.ts";
import { currentSession } from "./session.ts";
import type { Session } from "./session.ts";
import { isUnknown, withoutProvider } from "./property-values.ts";
import { isAnothersNow, noteCreating, noteDeclared, noteKept, noteTakenOver } from "./taken-over.ts";

export { configure } from "./session.ts";

type Values = Record<string, unknown>;

/** So long a look for what was made may take, also of a run that was cancelled meanwhile. */
const LOST_ANSWER = { signal: null, timeoutMs: 15 * SECOND_MS } as const;

/** The engine prints the value of a property that fails: the content is never named as the property. */
export function check(_olds: Values, news: Values): { inputs: Values; failures: { property: string; reason: string }[] } {
  const failures: { property: string; reason: string }[] = [];
  const { name, content, importId } = news;
  if (!isUnknown(name) && (typeof name !== "string" || name.trim() === "")) failures.push({ property: "name", reason: "expected a name that is not empty" });
  if (importId !== undefined && !isUnknown(importId) && !Number.isInteger(importId)) failures.push({ property: "importId", reason: "expected a whole number" });
  if (!isUnknown(content)) {
    if (typeof content !== "string" || content === "") {
      failures.push({ property: "", reason: "content: expected a script that is not empty" });
    } else if (Buffer.byteLength(content) > SCRIPT_LIMIT_BYTES) {
      failures.push({ property: "", reason: `SCRIPT_TOO_LARGE: content: expected at most ${SCRIPT_LIMIT_BYTES} bytes, got ${Buffer.byteLength(content)}` });
    }
  }
  noteDeclared("post-install script", news);
  return { inputs: news, failures };
}

/** Outputs hold the content's hash as the API last told it, so drift shows without the content travelling. */
export function diff(id: string, olds: Values, news: Values): { changes: boolean; replaces: string[] } {
  noteKept("post-install script", id, news);
  const unknown = isUnknown(news["content"]) || isUnknown(news["name"]);
  return { changes: unknown || olds["name"] !== news["name"] || olds["contentSha256"] !== sha256(news["content"]), replaces: [] };
}

/**
 * Where the name is this resource's alone, a script of the same name and content is one whose creation
 * was not answered: it is taken over. One of another content is a left-over, of a stack with other
 * credentials: its id must not come to stand for these, because by that a purchase is known. More of
 * them, which hold secrets as well, are removed.
 */
export async function create(given: Values): Promise<{ id: string; outs: Values }> {
  noteCreating("post-install script", given);
  const body = bodyOf(given);
  const importId = given["importId"];
  const script = importId === undefined ? await makeOrTakeOver(given, body) : await storeAt(Number(importId), body);
  // Also one that was made: of the name that is its own, the one of before would take it along.
  noteTakenOver("post-install script", script.id);
  return { id: String(script.id), outs: outputsOf(given, script.id, script.name, body.content) };
}

async function makeOrTakeOver(given: Values, body: ScriptRequest): Promise<PostInstallScript> {
  const session = currentSession();
  const isWhole = given["asStub"] !== true;
  const before = await readNewestScripts(session);
  const namesakes = ownsName(given) ? named(before, body.name) : [];
  // One stub is like another: whose it is, it does not tell.
  const present = isWhole ? namesakes.find(({ content }) => content === body.content) : undefined;
  const stored = isWhole ? body : { ...body, content: STUB };
  const script = present ?? (await (ownsName(given) ? session.client.scripts.create(stored, { signal: session.signal }) : createForSure(session, stored, before)));
  if (!present) noteScriptMade(session, script.id, stored.content);
  for (const { id } of namesakes) if (id !== script.id) await deleteScript(session, id);
  return script;
}

function ownsName(values: Values): boolean {
  return values["ownsName"] === true;
}

/** A later run could not tell the script from another stack's: where the answer is lost, it is looked for now. */
async function createForSure({ client, signal }: Session, body: ScriptRequest, before: readonly PostInstallScript[]): Promise<PostInstallScript> {
  return await client.scripts.createOrFind(body, { signal }, async () => {
    const newestBefore = Math.max(0, ...before.map(({ id }) => id));
    const since = await scriptsNamed(body.name, LOST_ANSWER).catch(() => []);
    const made = since.filter(({ id, content }) => id > newestBefore && content === body.content);
    // Of two, nobody knows which is whose.
    return made.length === 1 ? made[0] : undefined;
  });
}

export async function read(id: string, props: Values): Promise<{ id: string; props: Values }> {
  const script = await scriptOrNone(currentSession(), Number(id));
  if (!script) return { id: "", props: {} };
  // A stub stands for what is declared, and an answer without content says nothing about it.
  const isAsKnown = script.content === null || isStub(script.content);
  return { id, props: { ...props, name: script.name, ...(!isAsKnown && { contentSha256: sha256(script.content) }) } };
}

/** Where a stub stands for the script, it stays: whoever installs a VM with the script writes it there. */
export async function update(id: string, _olds: Values, given: Values): Promise<{ outs: Values }> {
  const body = bodyOf(given);
  const present = await scriptOrNone(currentSession(), Number(id));
  const script = await storeAt(Number(id), { ...body, ...(present && isStub(present.content) && { content: present.content! }) });
  return { outs: outputsOf(given, script.id, script.name, body.content) };
}

/** Where the name is its own, every script of it goes along: one whose creation landed after its run had died. */
async function deletePostInstallScript(id: string, props: Values): Promise<void> {
  const session = currentSession();
  if (!isAnothersNow("post-install script", id)) {
    await refuseWhileOrdered(session, Number(id));
    await deleteScript(session, Number(id));
  }
  const name = String(props["name"]);
  // Outputs of before know nothing of owning a name.
  if (!ownsName(props) && !isSetupScriptName(name)) return;
  for (const script of await scriptsNamed(name)) if (!isAnothersNow("post-install script", script.id)) await deleteScript(session, script.id);
}
export { deletePostInstallScript as delete };

/** Among the newest: a try whose answer was lost was not long ago. */
async function scriptsNamed(name: string, call: CallOptions = { signal: currentSession().signal }): Promise<PostInstallScript[]> {
  return named(await currentSession().client.scripts.newest({ leastPages: 1, mostPages: 1, isOldEnough: () => true }, call), name);
}

function named(scripts: readonly PostInstallScript[], name: string): PostInstallScript[] {
  return scripts.filter((script) => script.name === name).sort((a, b) => a.id - b.id);
}

function storeAt(id: number, body: { name: string; content: string }): Promise<PostInstallScript> {
  const { client, signal } = currentSession();
  return client.scripts.update(id, body, { signal });
}

function bodyOf(given: Values): { name: string; content: string } {
  return { name: String(given["name"]), content: String(given["content"]) };
}

function outputsOf(given: Values, scriptId: number, name: string, content: string): Values {
  return { ...withoutProvider(given), scriptId, name, contentSha256: sha256(content) };
}

function sha256(content: unknown): string {
  return createHash("sha256").update(String(content)).digest("hex");
}
