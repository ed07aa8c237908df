/** The VirtualMachine provider in the test's own process, against a sandbox. */
import { leaveEngine } from "../../providers/core/engine-liveness.ts";
import * as provider from "../../providers/hostinger/virtual-machine-provider.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { ALICE } from "./fake-account.ts";

export type Values = Record<string, unknown>;

/**
 * Of a new engine: nothing that one before was permitted counts any more.
 *
 * @param stack settings of the stack
 */
export function beginRun(sandbox: Sandbox, stack: Readonly<Record<string, string>> = {}): void {
  leaveEngine();
  const settings: Record<string, string> = { "hostinger:apiKey": sandbox.hostingerToken, "hostinger:baseUrl": sandbox.hostingerUrl, ...stack };
  provider.configure({ get: (key) => settings[key] });
}

/** As the engine hands them on. */
export function inputs(changes: Values = {}): Values {
  return { ...ALICE, ...changes, __provider: "serialised provider" };
}
