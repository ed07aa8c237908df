import * as pulumi from "@pulumi/pulumi";
import { StoredResource } from "../dynamic/stored-resource.ts";
import type { WayIn } from "./inputs.ts";
import type { Stage } from "./target.ts";

/**
 * Stored as text with every HealthCheck of every stack: it only names the implementation, so
 * that later changes of that are no difference on existing stacks. Do not add to it.
 */
export const provider: pulumi.dynamic.ResourceProvider = {
  async check(olds, news) { const m = await import("user-vps/providers/health/health-check-provider"); return m.check(olds, news); },
  async diff(id, olds, news) { const m = await import("user-vps/providers/health/health-check-provider"); return m.diff(id, olds, news); },
  async create(inputs) { const m = await import("user-vps/providers/health/health-check-provider"); return m.create(inputs); },
  async read(id, props) { const m = await import("user-vps/providers/health/health-check-provider"); return m.read(id, props); },
  async update(id, olds, news) { const m = await import("user-vps/providers/health/health-check-provider"); return m.update(id, olds, news); },
  async delete(id, props) { const m = await import("user-vps/providers/health/health-check-provider"); return m.remove(id, props); },
};

export interface HealthCheckArgs {
  /** The name that has to resolve, to be in the certificate, and to answer. */
  hostname: pulumi.Input<string>;
  /** The IPv4 address that the name has to resolve to. */
  address: pulumi.Input<string>;
  /** The name leads nowhere, and no authority knows it: only whether something answers for it at the address. */
  byAddress?: pulumi.Input<boolean | undefined>;
  /** TCP port; unless given USER_VPS_HEALTH_PORT, else 443. */
  port?: pulumi.Input<number | undefined>;
  /** `/health` unless given. */
  path?: pulumi.Input<string | undefined>;
  /** HTTP status of a healthy answer, 200 unless given. */
  expectedStatus?: pulumi.Input<number | undefined>;
  /** How long `up` waits for the VPS to become healthy, 900 s unless given. */
  timeoutSeconds?: pulumi.Input<number | undefined>;
  /** DNS server as `address:port`; unless given USER_VPS_DNS_RESOLVER, else the system's. */
  resolver?: pulumi.Input<string | undefined>;
  /** PEM file of the authorities to trust; unless given USER_VPS_CA_FILE, else Node's own. */
  caFile?: pulumi.Input<string | undefined>;
  /** What was released to the VPS; whenever it changes, the VPS is checked again. */
  release?: pulumi.Input<string | undefined>;
  /** Which credentials the VPS has; whenever it changes, the VPS is checked again. */
  credentialRotation?: pulumi.Input<string | undefined>;
  /** Which installation of the VM this is; whenever it changes, the VPS is checked again. */
  recreation?: pulumi.Input<string | undefined>;
  /** How the VPS is asked over SSH how far its first boot is. Only while it is not healthy; no difference if it changes. */
  wayIn?: pulumi.Input<WayIn | undefined>;
}

/**
 * Waits until `https://hostname/health` answers: DNS, TCP, TLS, HTTP. A refresh probes again and
 * shows an unhealthy VPS as a change (`healthy` false); the next `up` then waits for it again.
 */
export class HealthCheck extends StoredResource {
  declare readonly hostname: pulumi.Output<string>;
  declare readonly healthy: pulumi.Output<boolean>;
  /** The first stage that was not passed, or `ok`. */
  declare readonly stage: pulumi.Output<Stage>;
  /** What is wrong at that stage; empty when healthy. */
  declare readonly detail: pulumi.Output<string>;

  constructor(name: string, args: HealthCheckArgs, opts?: pulumi.CustomResourceOptions) {
    super(provider, name, { healthy: undefined, stage: undefined, detail: undefined, ...args }, opts, "user-vps", "HealthCheck");
  }
}
