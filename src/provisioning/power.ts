import { UserVpsError } from "../../providers/core/errors.ts";
import { HostingerClient } from "../../providers/hostinger/api/client.ts";
import { runAction } from "../../providers/hostinger/run-action.ts";
import type { Session } from "../../providers/hostinger/session.ts";
import { hostingerSettings } from "../../providers/hostinger/settings.ts";
import type { RunHooks } from "./engine.ts";
import { refuseNamesOfOthers } from "./own-vms.ts";
import type { OperationContext, OperationKind, OperationResult, SessionOptions, VmPower } from "./operation.ts";

/** Starts, stops or restarts the user's VM; the stack is not touched. */
export const power: OperationKind = {
  from: ["ready", "failed", "suspended", "provisioning", "queued"],
  waiting: undefined,
  async run({ pool, vms, record, powerAction, hooks, recorder }: OperationContext): Promise<OperationResult> {
    const { hostingerVmId: vmId, hostname } = record;
    if (!powerAction) throw new UserVpsError("INPUT_INVALID", "The job does not say whether to start, stop or restart.");
    if (record.status === "suspended" && powerAction !== "stop") throw new UserVpsError("CANCELLED", `The user of ${hostname} is suspended, so the VM is not started.`, { next: "Resume the user first." });
    if (!vmId) throw new UserVpsError("INPUT_INVALID", `There is no VM of ${hostname} to ${powerAction} yet.`, { next: "Wait until it is ready." });
    const about = { ...callsOf(hooks), report: (text: string) => recorder.onLine(text) };
    await refuseNamesOfOthers(pool, vms.openSession(about), record, [vmId], { what: `made to ${powerAction}` });
    await vms.act({ vmId, hostname }, powerAction, about);
    return { changes: {}, save: async () => undefined };
  },
};

/** Aborted, with the reason, when the run is to end. */
export function endOf({ signal, killSignal }: RunHooks): AbortSignal {
  return AbortSignal.any([signal, killSignal].filter((one) => one !== undefined));
}

/** How the calls of a run end with it. */
export function callsOf(hooks: RunHooks): Pick<SessionOptions, "signal" | "beforeCall"> {
  return { signal: endOf(hooks), beforeCall: hooks.refuseLost };
}

/** By Hostinger's API: POST /virtual-machines/{id}/start, stop, restart. */
export function hostingerPower(env: Readonly<Record<string, string | undefined>>): VmPower & { readonly client: HostingerClient; close(): Promise<void> } {
  const settings = hostingerSettings({ get: () => undefined }, env);
  const client = new HostingerClient({ baseUrl: settings.baseUrl, apiKey: settings.apiKey });
  const openSession = ({ signal, beforeCall, report }: SessionOptions): Session => ({ client: client.withSignal(signal, beforeCall), settings, signal, report });
  return {
    client,
    openSession,
    async act(vm, action, options) {
      const session = openSession(options);
      await runAction(session, vm, action, () => session.client.virtualMachines[action](vm.vmId));
    },
    close: () => client.close(),
  };
}
