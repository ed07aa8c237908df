/** The ScriptStub as Pulumi's engine drives it; loaded at run time by script-stub.ts. */
import { dropPurchase } from "./purchase/index.ts";
import { isStub, scriptOrNone, writeStub } from "./script-content.ts";
import { currentSession } from "./session.ts";
import { isUnknown, withoutProvider } from "./property-values.ts";

export { configure } from "./session.ts";

type Values = Record<string, unknown>;

/**
 * The account itself is asked, because it is not told by inputs: whoever installs the VM anew has
 * written the whole script since, in this very run or in one that did not come to its end.
 */
export async function diff(_id: string, olds: Values, news: Values): Promise<{ changes: boolean }> {
  if (olds["isStub"] !== true || isUnknown(news["scriptId"]) || olds["scriptId"] !== news["scriptId"]) return { changes: true };
  return { changes: !(await isStubThere(news)) };
}

export async function create(given: Values): Promise<{ id: string; outs: Values }> {
  return { id: String(given["scriptId"]), ...(await stubOf(given)) };
}

export async function update(_id: string, _olds: Values, given: Values): Promise<{ outs: Values }> {
  return stubOf(given);
}

export async function read(id: string, props: Values): Promise<{ id: string; props: Values }> {
  return { id, props: { ...props, isStub: await isStubThere(props) } };
}

/** A script that is gone holds nothing, and an answer without content says nothing. */
async function isStubThere({ scriptId }: Values): Promise<boolean> {
  const script = await scriptOrNone(currentSession(), Number(scriptId));
  return script === undefined || script.content === null || isStub(script.content);
}

async function stubOf(given: Values): Promise<{ outs: Values }> {
  const { scriptId, scriptName, purchaseRecordId } = given;
  await writeStub(currentSession(), Number(scriptId), typeof scriptName === "string" && scriptName !== "" ? scriptName : undefined);
  if (typeof purchaseRecordId === "number") await dropPurchase(currentSession(), purchaseRecordId);
  return { outs: { ...withoutProvider(given), isStub: true } };
}
