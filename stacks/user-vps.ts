import { createHash } from "node:crypto";
import { DnsRecord } from "@pulumi/cloudflare/dnsRecord.js";
import * as pulumi from "@pulumi/pulumi";
import { Credentials } from "../providers/credentials/credentials.ts";
import { HealthCheck } from "../providers/health/health-check.ts";
import { PostInstallScript } from "../providers/hostinger/post-install-script.ts";
import { VirtualMachine } from "../providers/hostinger/virtual-machine.ts";
import type { StackConfig } from "./config.ts";
import { renderPostInstallScript } from "./post-install.ts";

/** One user's VPS, from top to bottom: credentials, script, VM, DNS record, health. */
export class UserVps extends pulumi.ComponentResource {
  readonly hostname: string;
  readonly credentials: Credentials;
  readonly script: PostInstallScript;
  readonly vm: VirtualMachine;
  readonly record: DnsRecord;
  readonly health: HealthCheck;

  constructor(config: StackConfig, options?: pulumi.ComponentResourceOptions) {
    super("user-vps:index:UserVps", config.username, {}, options);
    const parent = { parent: this };
    const hostname = `${config.username}.${config.domain}`;
    this.hostname = hostname;

    this.credentials = new Credentials("credentials", { rotation: config.credentialRotation }, { ...parent, protect: config.protect });

    const boot = { ownerId: config.ownerId ?? config.username, hostname, conductorUrl: config.conductorUrl, cliUrl: config.cliUrl };
    this.script = new PostInstallScript("script", {
      name: `spoq-conductor-setup ${hostname}`,
      content: pulumi.secret(
        pulumi.all([this.credentials.password, this.credentials.jwtSecret]).apply(([sshPassword, jwtSecret]) => renderPostInstallScript({ ...boot, sshPassword, jwtSecret })),
      ),
    }, parent);

    this.vm = new VirtualMachine("vm", {
      plan: config.plan,
      templateId: config.templateId,
      dataCenterId: config.dataCenterId,
      hostname,
      rootPassword: this.credentials.password,
      postInstallScriptId: this.script.scriptId,
      postInstallFingerprint: fingerprint(boot),
      enableBackups: config.enableBackups,
      autoRenew: config.autoRenew,
      allowPurchase: config.allowPurchase,
      wipeOnDelete: config.wipeOnDelete,
      ...defined({
        sshPublicKey: config.sshPublicKey,
        paymentMethodId: config.paymentMethodId,
        importId: config.importVmId,
        allowRecreateOf: config.allowRecreateOf,
        allowReplaceOf: config.allowReplaceOf,
      }),
    }, { ...parent, protect: config.protect });

    this.record = new DnsRecord("record", {
      zoneId: config.zoneId,
      name: hostname,
      type: "A",
      content: this.vm.ipv4,
      ttl: config.dnsTtlSeconds,
      proxied: false,
    }, parent);

    this.health = new HealthCheck("health", {
      hostname,
      address: this.vm.ipv4,
      timeoutSeconds: config.healthTimeoutSeconds,
    }, { ...parent, dependsOn: [this.record] });

    this.registerOutputs({});
  }
}

/**
 * What the script does at first boot, apart from the credentials, which can be rotated in place,
 * and from the template's text, which may get better without a wipe of every VM.
 */
function fingerprint(boot: Record<string, string>): string {
  return createHash("sha256").update(JSON.stringify(boot)).digest("hex");
}

/** Pulumi takes an absent property, but not one that is `undefined` under exactOptionalPropertyTypes. */
function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
