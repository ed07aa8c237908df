/** The ScriptStub as Pulumi's engine drives it; loaded at run time by script-stub.ts. */
import { isStub, scriptOrNone, writeStub } from "./script-content.ts";
import { currentSession } from "./session.ts";
import { isUnknown, withoutProvider } from "./values.ts";

export { configure } from "./session.ts";

type Values = Record<string, unknown>;

const COMPARED = ["scriptId", "installation"] as const;

/** What was interrupted between the writing of the whole script and this is seen by a refresh, or has no state yet. */
export function diff(_id: string, olds: Values, news: Values): { changes: boolean } {
  return { changes: olds["isStub"] !== true || COMPARED.some((property) => isUnknown(news[property]) || olds[property] !== news[property]) };
}

export async function create(given: Values): Promise<{ id: string; outs: Values }> {
  return { id: String(given["scriptId"]), ...(await stubOf(given)) };
}

export async function update(_id: string, _olds: Values, given: Values): Promise<{ outs: Values }> {
  return stubOf(given);
}

export async function read(id: string, props: Values): Promise<{ id: string; props: Values }> {
  const script = await scriptOrNone(currentSession(), Number(props["scriptId"]));
  // An answer without content says nothing about it.
  const isKnown = script !== undefined && script.content !== null;
  return { id, props: isKnown ? { ...props, isStub: isStub(script.content) } : props };
}

async function stubOf(given: Values): Promise<{ outs: Values }> {
  await writeStub(currentSession(), Number(given["scriptId"]));
  return { outs: { ...withoutProvider(given), isStub: true } };
}
