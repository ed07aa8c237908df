/** The VirtualMachine provider in the test's own process, against a sandbox. */
import { leaveEngine } from "../../providers/core/engine-liveness.ts";
import * as provider from "../../providers/hostinger/virtual-machine-provider.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { ALICE } from "./fake-account.ts";

export type Values = Record<string, unknown>;

/** Of a new engine: nothing that one before was permitted counts any more. */
export function beginRun(sandbox: Sandbox): void {
  leaveEngine();
  const settings: Record<string, string> = { "hostinger:apiKey": sandbox.hostingerToken, "hostinger:baseUrl": sandbox.hostingerUrl };
  provider.configure({ get: (key) => settings[key] });
}

/** As the engine hands them on. */
export function inputs(changes: Values = {}): Values {
  return { ...ALICE, ...changes, __provider: "serialised provider" };
}
