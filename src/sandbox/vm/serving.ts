import type { Vm } from "../model.ts";

/** What a request to the VM's HTTPS port would meet. */
export interface Serving {
  address: string;
  siteAddress: string;
  /** Status of GET /health: 502 is Caddy without a conductor behind it. */
  healthStatus: number;
  /** Of the conductor, if a release brought it. */
  version?: string;
}

/** null: nothing listens on the VM's HTTPS port. */
export function servingOf(vm: Vm): Serving | null {
  const { disk, ipv4 } = vm;
  if (vm.state !== "running" || disk === null || ipv4 === null) return null;
  const { outcome, firstBoot } = disk;
  const caddyRuns = firstBoot ? outcome.caddyStarted : outcome.caddyEnabled;
  if (!caddyRuns || outcome.siteAddress === null) return null;
  const conductorRuns = firstBoot ? outcome.conductorStarted : outcome.conductorEnabled;
  const conductor = disk.programs?.conductor;
  const healthy = conductor?.healthy !== false && conductorRuns && outcome.conductorConfigured && outcome.caddyConfigured;
  const healthStatus = vm.healthStatus ?? (healthy ? 200 : 502);
  return { address: ipv4.address, siteAddress: outcome.siteAddress, healthStatus, ...(conductor && { version: conductor.version }) };
}
