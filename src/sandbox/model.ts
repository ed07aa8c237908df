/**
 * What exists in the simulated world. Plain data without behaviour, so that all of it can be written to a file
 * and read again. Times are ISO 8601 texts, amounts are cents.
 */
import type { ScriptOutcome } from "./vm/script-outcome.ts";

export type VmState =
  | "running" | "starting" | "stopping" | "stopped" | "creating" | "initial" | "error" | "suspending"
  | "unsuspending" | "suspended" | "destroying" | "destroyed" | "recreating" | "restoring" | "recovery"
  | "stopping_recovery";

export interface IpAddress {
  id: number;
  address: string;
  ptr: string | null;
}

export interface Action {
  id: number;
  name: string;
  state: "created" | "sent" | "delayed" | "success" | "error";
  createdAt: string;
  updatedAt: string;
}

export interface Snapshot {
  id: number;
  createdAt: string;
  expiresAt: string;
}

export type BootOutcome = "ok" | "error" | "initial" | "suspended" | "script-fails";

/** What a VM does at a first boot or a recreation; durations replace those of the sandbox. */
export interface BootPlan {
  outcome: BootOutcome;
  bootMs?: number;
  scriptMs?: number;
  /** For `script-fails`, where the script has numbered steps. */
  failsInStep?: number;
}

/** What the post-install script left on the VM's disk; null until it has run to its end. */
export interface Disk {
  outcome: ScriptOutcome;
  /** Host name for which Caddy has obtained a certificate. */
  certificateFor: string | null;
  /** Whether the services were brought up by the script (true) or by a later boot (false). */
  firstBoot: boolean;
  log: string;
  /** Of the user spoq and of Conductor, as they were last set; absent in a world that was written by an older sandbox. */
  credentials?: DiskCredentials;
  /** The host name that Caddy was last told after the first boot. */
  toldHostname?: string;
  /** What releases have brought; absent as long as there is only what the script installed. */
  programs?: Programs;
}

/** Hashes: never the values themselves. */
export interface DiskCredentials {
  passwordSha256: string | null;
  jwtSecretSha256: string | null;
  /** Conductor's; no secret. Absent in a world that was written by an older sandbox. */
  ownerId?: string | null;
}

/** A program as a release installed it. */
export interface InstalledProgram {
  version: string;
  sha256: string;
  /** false: started, it does not answer. */
  healthy: boolean;
}

export interface Programs {
  conductor?: InstalledProgram | undefined;
  /** What a release would go back to; absent if that is the one that the script installed. */
  previousConductor?: InstalledProgram | undefined;
  cli?: InstalledProgram | undefined;
}

export interface Vm {
  id: number;
  subscriptionId: string;
  orderId: number;
  itemId: string;
  plan: string;
  hostname: string;
  state: VmState;
  locked: boolean;
  dataCenterId: number;
  templateId: number;
  ns1: string;
  ns2: string;
  ns3: string | null;
  /** null until the VM has left `creating`. */
  ipv4: IpAddress | null;
  firewallId: number | null;
  publicKeyIds: number[];
  backupsEnabled: boolean;
  /** Never the password itself: enough to check one at a log-in. */
  rootPasswordSha256: string | null;
  /** The SSH server's private key, made when it first listens; a wipe takes it away. */
  sshHostKey?: string | undefined;
  /** The script as it was when the VM was set up; a later change of the stored script does not reach it. */
  script: { id: number; content: string } | null;
  disk: Disk | null;
  /** What the boot under way will come to. */
  bootPlan: BootPlan | null;
  snapshot: Snapshot | null;
  actions: Action[];
  /** Status that /health answers instead of the true one, set by a control. */
  healthStatus: number | null;
  /** A VM made in bulk that only the APIs know. */
  withoutListener: boolean;
  createdAt: string;
}

export interface Subscription {
  id: string;
  itemId: string;
  name: string;
  totalPriceCents: number;
  renewalPriceCents: number;
  autoRenewed: boolean;
  createdAt: string;
  expiresAt: string;
}

export interface Purchase {
  hostname: string;
  itemId: string;
  vmId: number;
  orderId: number;
  subscriptionId: string;
  priceCents: number;
  at: string;
}

export interface PostInstallScript {
  id: number;
  name: string;
  content: string;
  createdAt: string;
  updatedAt: string;
}

export interface PublicKey {
  id: number;
  name: string;
  key: string;
}

export interface FirewallRule {
  id: number;
  protocol: string;
  port: string;
  source: string;
  sourceDetail: string;
}

export interface Firewall {
  id: number;
  name: string;
  synced: boolean;
  rules: FirewallRule[];
  createdAt: string;
  updatedAt: string;
}

export interface DnsRecord {
  id: string;
  name: string;
  type: string;
  content: string;
  proxied: boolean;
  ttl: number;
  priority?: number;
  settings: Record<string, unknown>;
  comment: string | null;
  tags: string[];
  createdOn: string;
  modifiedOn: string;
}

/** Something that will happen to a VM at a later time. */
export interface Step {
  vmId: number;
  dueAtMs: number;
  what:
    | { kind: "boot-done"; actionId: number }
    | { kind: "script-done"; succeeds: boolean; failsInStep?: number | undefined }
    | { kind: "action-sent"; actionId: number }
    | { kind: "action-done"; actionId: number; succeeds: boolean; params: Record<string, unknown> };
}

/** Switches that hold until they are changed or the sandbox is reset. */
export interface Settings {
  /** Requests to the Hostinger API in one minute before it answers 429; 0 is no limit. */
  rateLimitPerMinute: number;
  /** `order`: the real API's answer to a purchase; `specification`: the product specification's older shape. */
  purchaseAnswer: "order" | "specification";
  /** Whether the list of a VM's public keys works (the real API answers 404). */
  vmPublicKeys: boolean;
  /** Every card is declined. */
  paymentsDeclined: boolean;
  /** Caddy gets its certificate only once the zone points the host name at the VM, as with Let's Encrypt. */
  certificatesNeedDns: boolean;
  /** By how much the `Date` of all answers is ahead of what they tell (`created_at` and so on), in milliseconds. */
  dateOffsetMs: number;
}

export interface WorldState {
  nextId: number;
  nextAddress: number;
  vms: Vm[];
  subscriptions: Subscription[];
  purchases: Purchase[];
  scripts: PostInstallScript[];
  publicKeys: PublicKey[];
  firewalls: Firewall[];
  records: DnsRecord[];
  /** Serial number of the zone's SOA record. */
  zoneSerial: number;
  steps: Step[];
  settings: Settings;
}
