import { createHash } from "node:crypto";
import { DnsRecord } from "@pulumi/cloudflare/dnsRecord.js";
import * as pulumi from "@pulumi/pulumi";
import { Credentials } from "../providers/credentials/credentials.ts";
import { HealthCheck } from "../providers/health/health-check.ts";
import { HostingerFirewall } from "../providers/hostinger/firewall.ts";
import { PostInstallScript } from "../providers/hostinger/post-install-script.ts";
import { PtrRecord } from "../providers/hostinger/ptr-record.ts";
import { ScriptStub } from "../providers/hostinger/script-stub.ts";
import { setupScriptName } from "../providers/hostinger/setup-script-name.ts";
import { VirtualMachine } from "../providers/hostinger/virtual-machine.ts";
import type { RemoteScript } from "../providers/ssh/remote-script.ts";
import { SshLogin } from "../providers/ssh/ssh-login.ts";
import type { StackConfig } from "./stack-settings.ts";
import type { AcmeSettings } from "./acme.ts";
import { isInstalledWithThese } from "./configure.ts";
import { createConfiguration } from "./create-configuration.ts";
import { createRelease } from "./create-release.ts";
import { openPorts } from "./open-ports.ts";
import { renderPostInstallScript } from "./post-install.ts";
import { releaseOf } from "./release.ts";
import { openWayIn, openWayInFromPool } from "./way-in.ts";
import type { WayIn } from "./way-in.ts";

/** One user's VPS, from top to bottom: credentials, script, VM, firewall, DNS record, configuration, release, health; then the script's stub. */
export class UserVps extends pulumi.ComponentResource {
  readonly hostname: string;
  readonly credentials: Credentials;
  readonly script: PostInstallScript;
  readonly vm: VirtualMachine;
  readonly firewall: HostingerFirewall | undefined;
  readonly record: DnsRecord | undefined;
  readonly ptr: PtrRecord | undefined;
  readonly configuration: RemoteScript | undefined;
  readonly release: RemoteScript | undefined;
  readonly health: HealthCheck;
  readonly stub: ScriptStub;

  constructor(config: StackConfig, options?: pulumi.ComponentResourceOptions) {
    super("user-vps:index:UserVps", config.username, {}, options);
    const parent = { parent: this };
    const hostname = config.hostname ?? `${config.username}.${config.domain}`;
    this.hostname = hostname;

    this.credentials = new Credentials("credentials", { rotation: config.credentialRotation }, { ...parent, protect: config.protect });

    const acme: AcmeSettings = config.pooled ? { localCertificates: true } : config;
    const boot = { ownerId: config.ownerId ?? config.username, hostname: config.bootHostname ?? hostname, conductorUrl: config.conductorUrl, cliUrl: config.cliUrl };
    const content = pulumi.secret(
      pulumi.all([this.credentials.password, this.credentials.jwtSecret]).apply(([sshPassword, jwtSecret]) => renderPostInstallScript({ ...boot, hostname, sshPassword, jwtSecret, sshPort: config.sshPort, acme })),
    );
    // What is taken over as it is has somebody's credentials, but not these, and is installed with nothing.
    const isTakenOver = config.importVmId !== undefined && !config.importWiped;
    this.script = new PostInstallScript("script", { name: setupScriptName(hostname), ownsName: true, content, ...(isTakenOver && { asStub: true }) }, parent);

    this.vm = new VirtualMachine("vm", {
      plan: config.plan,
      templateId: config.templateId,
      dataCenterId: config.dataCenterId,
      hostname,
      zoneId: config.zoneId,
      rootPassword: this.credentials.password,
      postInstallScriptId: this.script.scriptId,
      postInstallScript: content,
      postInstallFingerprint: fingerprint(boot),
      enableBackups: config.enableBackups,
      autoRenew: config.autoRenew,
      allowPurchase: config.allowPurchase,
      wipeOnDelete: config.wipeOnDelete,
      // Only where it is asked for: a new input would be a change of every stack that is there.
      ...(config.importWiped && { importWiped: true }),
      ...(!config.protect && { allowDelete: true }),
      owner: config.ownerId ?? config.username,
      ...defined({
        sshPublicKey: config.sshPublicKey,
        paymentMethodId: config.paymentMethodId,
        importId: config.importVmId,
        allowRecreateOf: config.allowRecreateOf,
        allowReplaceOf: config.allowReplaceOf,
        recreation: config.recreation,
      }),
    }, { ...parent, protect: config.protect });

    if (config.firewall) {
      this.firewall = new HostingerFirewall("firewall", {
        name: hostname,
        vmId: this.vm.vmId,
        rules: openPorts(config).map((port) => ({ protocol: "TCP", port, source: "any", sourceDetail: "any" })),
      }, parent);
    }

    // The name of one that waits in a pool leads nowhere.
    if (!config.pooled) {
      this.record = new DnsRecord("record", {
        zoneId: config.zoneId,
        name: hostname,
        type: "A",
        content: this.vm.ipv4,
        ttl: config.dnsTtlSeconds,
        proxied: false,
      }, parent);
    }
    const named = [this.record].filter((resource) => resource !== undefined);

    // Mail servers look for the way back from the name, so the name has to lead here first. A VM takes one action at a time.
    if (config.ptr && !config.pooled) {
      this.ptr = new PtrRecord("ptr", { vmId: this.vm.vmId, address: this.vm.ipv4, hostname }, { ...parent, dependsOn: this.firewall ? [...named, this.firewall] : named });
    }

    const release = releaseOf(config);
    // A host name that was changed back is as much a change as one that was changed.
    const isReconfigured = config.credentialRotation !== undefined || config.bootHostname !== undefined || isTakenOver;
    let way: WayIn | undefined;
    if (release || isReconfigured) {
      const target = { config, vm: this.vm, bootFingerprint: fingerprint(boot), password: this.credentials.password };
      const isFromPool = isTakenOver && config.fromPool;
      way = isFromPool ? openWayInFromPool(target, { hostname, ownerId: boot.ownerId }, parent) : openWayIn(target, parent);
      const login = isTakenOver && !isFromPool ? new SshLogin("ssh-login", { connection: way.connection, machine: way.machine }, parent) : undefined;
      if (isReconfigured) {
        const configured = { hostname, bootHostname: boot.hostname, ownerId: boot.ownerId, acme, credentials: this.credentials, isInstalledWithThese: isInstalledWithThese(config) };
        this.configuration = createConfiguration(way, configured, { ...parent, dependsOn: login ? [...named, login] : named });
      }
      // One after the other: each holds the other off on the VPS as well.
      if (release) this.release = createRelease(way, release, this.credentials, this.configuration ? { ...parent, dependsOn: this.configuration } : parent);
    }

    // It depends on all the rest, and Pulumi removes nothing that something protected depends on:
    // a destroy that is refused for the VM's sake leaves the DNS record alone as well.
    const everything = [this.record, this.firewall, this.ptr, this.configuration, this.release].filter((resource) => resource !== undefined);
    this.health = new HealthCheck("health", {
      hostname,
      address: this.vm.ipv4,
      timeoutSeconds: config.healthTimeoutSeconds,
      ...(config.pooled && { byAddress: true }),
      wayIn: pulumi.secret({
        port: config.sshPort,
        password: this.credentials.password,
        ...defined({ privateKey: config.sshPrivateKey, hostKey: config.sshHostKey ?? way?.hostKey }),
      }),
      // Checked again after each release, each rotation and each wipe.
      ...defined({ release: release?.version, credentialRotation: config.credentialRotation, recreation: config.recreation }),
    }, { ...parent, protect: config.protect, dependsOn: everything });

    // The script has done its work: what the account keeps of it holds no secret. A wipe writes it anew.
    this.stub = new ScriptStub("script-stub", { scriptId: this.script.scriptId, scriptName: this.script.name, purchaseRecordId: this.vm.purchaseRecordId }, { ...parent, dependsOn: this.health });

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
