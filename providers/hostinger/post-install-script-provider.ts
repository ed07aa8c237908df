/** The PostInstallScript as Pulumi's engine drives it; loaded at run time by post-install-script.ts. */
import { createHash } from "node:crypto";
import type { PostInstallScript } from "./api/client.ts";
import { SCRIPT_LIMIT_BYTES } from "./api/specification.ts";
import { deleteScript } from "./delete-script.ts";
import { isStub, scriptOrNone, STUB } from "./script-content.ts";
import { currentSession } from "./session.ts";
import { isUnknown, withoutProvider } from "./property-values.ts";

export { configure } from "./session.ts";

type Values = Record<string, unknown>;

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
  return { inputs: news, failures };
}

/** Outputs hold the content's hash as the API last told it, so drift shows without the content travelling. */
export function diff(_id: string, olds: Values, news: Values): { changes: boolean; replaces: string[] } {
  const unknown = isUnknown(news["content"]) || isUnknown(news["name"]);
  return { changes: unknown || olds["name"] !== news["name"] || olds["contentSha256"] !== sha256(news["content"]), replaces: [] };
}

/**
 * A script of the same name and content is one whose creation was not answered: it is taken over.
 * One of another content is a left-over, of a stack with other credentials: its id must not come
 * to stand for these, because by that a purchase is known. More of them, which hold secrets as
 * well, are removed.
 */
export async function create(given: Values): Promise<{ id: string; outs: Values }> {
  const { client, signal } = currentSession();
  const body = bodyOf(given);
  const importId = given["importId"];
  if (importId !== undefined) {
    const script = await storeAt(Number(importId), body);
    return { id: String(script.id), outs: outputsOf(given, script.id, script.name, body.content) };
  }
  const isWhole = given["asStub"] !== true;
  const namesakes = await scriptsNamed(body.name);
  // One stub is like another: whose it is, it does not tell.
  const present = isWhole ? namesakes.find(({ content }) => content === body.content) : undefined;
  const script = present ?? (await client.scripts.create(isWhole ? body : { ...body, content: STUB }, { signal }));
  for (const { id } of namesakes) if (id !== script.id) await deleteScript(currentSession(), id);
  return { id: String(script.id), outs: outputsOf(given, script.id, script.name, body.content) };
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

/** With it goes every script of its name: one whose creation landed after its run had died. */
async function deletePostInstallScript(id: string, props: Values): Promise<void> {
  await deleteScript(currentSession(), Number(id));
  for (const script of await scriptsNamed(String(props["name"]))) await deleteScript(currentSession(), script.id);
}
export { deletePostInstallScript as delete };

/** Among the newest: a try whose answer was lost was not long ago. */
async function scriptsNamed(name: string): Promise<PostInstallScript[]> {
  const { client, signal } = currentSession();
  const newest = await client.scripts.newest({ leastPages: 1, mostPages: 1, isOldEnough: () => true }, { signal });
  return newest.filter((script) => script.name === name).sort((a, b) => a.id - b.id);
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
