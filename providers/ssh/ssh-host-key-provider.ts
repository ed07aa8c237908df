/** What the SshHostKey resource does; called by the few lines that are stored with it. */
import { engineGoneSignal } from "../core/engine-liveness.ts";
import { reportProgress } from "../core/progress.ts";
import { fetchHostKey } from "./fetch-host-key.ts";
import { isSameMachine } from "./same-machine.ts";

type Values = Record<string, unknown>;

/** Another port or another name leads to the same server; only another machine has another key. */
export function diff(_id: string, olds: Values, news: Values): { changes: boolean; replaces: string[] } {
  const replaces = isSameMachine(olds["machine"], news["machine"]) ? [] : ["machine"];
  return { changes: replaces.length > 0 || olds["host"] !== news["host"] || olds["port"] !== news["port"], replaces };
}

export async function create(inputs: Values): Promise<{ id: string; outs: Values }> {
  const host = String(inputs["host"]);
  reportProgress(`${host}: asking for the SSH server's key`);
  const hostKey = await fetchHostKey(host, Number(inputs["port"]), engineGoneSignal());
  return { id: hostKey, outs: { ...withoutProvider(inputs), hostKey } };
}

export async function update(_id: string, olds: Values, news: Values): Promise<{ outs: Values }> {
  return { outs: { ...withoutProvider(news), hostKey: olds["hostKey"] } };
}

function withoutProvider({ __provider: _, ...rest }: Values): Values {
  return rest;
}
