import type { Route } from "../http/router.ts";
import { ok } from "../http/router.ts";
import { act, vmOf } from "./context.ts";
import type { Context } from "./context.ts";
import { HostingerError } from "./error.ts";
import { ONE_MACHINE } from "./virtual-machines.ts";

/** The malware scanner of a VM: installed or not; what it scans is clean. */
export function monarxRoutes(context: Context): Route[] {
  const pattern = `${ONE_MACHINE}/monarx`;
  return [
    {
      method: "GET",
      pattern,
      handler: (request) => {
        const { monarxSince } = vmOf(context, request);
        if (monarxSince === undefined) throw new HostingerError(422, "Monarx is not installed on this virtual machine");
        return ok({ records: 0, malicious: 0, compromised: 0, scanned_files: 1_234, scan_started_at: monarxSince, scan_ended_at: monarxSince });
      },
    },
    { method: "POST", pattern, handler: (request) => act(context, vmOf(context, request), "install_monarx") },
    { method: "DELETE", pattern, handler: (request) => act(context, vmOf(context, request), "uninstall_monarx") },
  ];
}
