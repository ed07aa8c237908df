/** What the RemoteScript resource does; called by the few lines that are stored with it. */
import { isDeepStrictEqual } from "node:util";
import { engineGoneSignal } from "../core/engine-liveness.ts";
import type { ErrorCode } from "../core/errors.ts";
import { runsAgain } from "../core/run-again.ts";
import { MINUTE_MS } from "../core/time.ts";
import { serverOf } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { runScript } from "./run-script.ts";
import { isSameMachine } from "./same-machine.ts";

type Values = Record<string, unknown>;

export type RemoteTask = "configuration" | "release";

interface Task {
  readonly code: ErrorCode;
  /** If it is not over in time: of a code that is tried again, for it may go on there, and the next try finds it done or waits for its end. */
  readonly overdueCode: ErrorCode;
  readonly failed: (host: string) => string;
  readonly limitMs: number;
}

const TASKS: Readonly<Record<RemoteTask, Task>> = {
  // It waits 20 minutes for another script to end on the VPS, and seldom for anything else.
  configuration: { code: "CONFIGURATION_FAILED", overdueCode: "CONFIGURATION_FAILED", failed: (host) => `Credentials, owner and host name could not be brought to the VPS at ${host}`, limitMs: 25 * MINUTE_MS },
  // The same, 15 for the end of the first boot, 15 for each of two downloads, and 10 for Conductor and the one before it to answer.
  release: { code: "RELEASE_FAILED", overdueCode: "RELEASE_TIMED_OUT", failed: (host) => `The release could not be brought to the VPS at ${host}`, limitMs: 75 * MINUTE_MS },
};

/** What it does is told by the script; `task` only names it. */
export function diff(_id: string, olds: Values, news: Values): { changes: boolean } {
  const isSame = isSameMachine(olds["machine"], news["machine"]) && ["connection", "script", "fingerprint"].every((name) => isDeepStrictEqual(olds[name], news[name]));
  return { changes: !isSame || runsAgain(news["task"] as RemoteTask) };
}

/** Errors: SSH_*, CONFIGURATION_FAILED, RELEASE_FAILED, RELEASE_TIMED_OUT. */
export async function create(inputs: Values): Promise<{ id: string; outs: Values }> {
  return { id: String(inputs["task"]), outs: await perform(inputs) };
}

export async function update(_id: string, _olds: Values, inputs: Values): Promise<{ outs: Values }> {
  return { outs: await perform(inputs) };
}

async function perform({ __provider: _provider, secrets, ...inputs }: Values): Promise<Values> {
  const connection = inputs["connection"] as Connection;
  const { host, password, privateKey } = connection;
  const { code, overdueCode, failed, limitMs } = TASKS[inputs["task"] as RemoteTask];
  const hidden = [password, privateKey, ...(secrets as string[])].filter((secret) => secret !== undefined);
  await runScript({ server: serverOf(connection), script: String(inputs["script"]), code, overdueCode, failed: failed(host), limitMs, secrets: hidden, signal: engineGoneSignal() });
  return inputs;
}
