/**
 * What exists in the simulated world. Plain data without behaviour, so that all of it can be written to a file
 * and read again. Times are ISO 8601 texts, amounts are cents.
 */
import type { Offers } from "./hostinger/catalog.ts";
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
  /** For `script-fails`: its log says that what failed may pass, and it succeeds when it is run again. */
  mayPass?: boolean;
  /** For `script-fails`: a restart of the VM cut it off; its log just ends, and it succeeds when it is run again. */
  cutOff?: boolean;
}

/** What the post-install script left on the VM's disk; null until it has run to its end. */
export interface Disk {
  outcome: ScriptOutcome;
  /** Host name for which Caddy has obtained a certificate. */
  certificateFor: string | null;
  /** Whether the services were brought up by the script (true) or by a later boot (false). */
  firstBoot: boolean;
  log: string;
  /** Of a script that failed: whether it would succeed if it were run again, and whether it is being run. */
  again?: { succeeds: boolean; isRunning: boolean; isCutOff?: boolean };
  /** Of the user spoq and of Conductor, as they were last set; absent in a world that was written by an older sandbox. */
  credentials?: DiskCredentials;
  /** What tells it from other machines; absent: as the first boot made it. */
  machineId?: string;
  /** The hand-over that it came to its end with last. */
  handover?: string;
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

/** A Docker Compose project; nothing of it is run. */
export interface DockerProject {
  name: string;
  content: string;
  environment: string | null;
  running: boolean;
  upAt: string;
}

export interface PaymentMethod {
  id: number;
  identifier: string;
  isDefault: boolean;
  isExpired: boolean;
  isSuspended: boolean;
  /** The bank says no. */
  declined: boolean;
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
  /** Those of the account's keys that were attached. */
  publicKeyIds: number[];
  /** What root's keys are; absent in a world that was written by an older sandbox: the attached ones. */
  rootKeys?: string[];
  backupsEnabled: boolean;
  docker?: DockerProject[];
  /** Since when the malware scanner is installed. */
  monarxSince?: string;
  /** Never the password itself: enough to check one at a log-in. */
  rootPasswordSha256: string | null;
  /** The SSH server's private key, made when it first listens; a wipe takes it away. */
  sshHostKey?: string | undefined;
  /** The script as it was when the VM was set up; a later change of the stored script does not reach it. */
  script: { id: number; content: string } | null;
  disk: Disk | null;
  /** What was copied to it over SSH, by absolute path; gone with a wipe. */
  files?: Record<string, { base64: string; mode: number; isDirectory?: boolean }>;
  /** What the boot under way will come to. */
  bootPlan: BootPlan | null;
  snapshot: Snapshot | null;
  actions: Action[];
  /** Status that /health answers instead of the true one, set by a control. */
  healthStatus: number | null;
  /** A VM made in bulk that only the APIs know. */
  withoutListener: boolean;
  /** The list of VMs does not show it before (milliseconds since 1970; null: never). Absent: at once. */
  listedFromMs?: number | null;
  /** It is shown under Hostinger's own name as long as it is being made. */
  isUnnamedWhileMade?: boolean;
  createdAt: string;
}

export interface Subscription {
  id: string;
  itemId: string;
  name: string;
  totalPriceCents: number;
  renewalPriceCents: number;
  autoRenewed: boolean;
  /** `future`: ordered, not paid yet. Absent in a world that was written by an older sandbox. */
  status?: "active" | "future" | "cancelled";
  createdAt: string;
  expiresAt: string;
}

export type OrderStatus =
  | "completed" | "pending" | "processing" | "failed" | "refunded" | "cancelled" | "awaiting_payment" | "payment_initiated" | "fraud_refund";

/** An order is one bill, whatever becomes of it. */
export interface Purchase {
  /** As it was asked for. */
  hostname: string;
  itemId: string;
  /** null until it is paid. */
  vmId: number | null;
  status: OrderStatus;
  /** What is set up once it is paid; null from then on. */
  setup: (OrderSetup & { plan: PurchasePlan }) | null;
  orderId: number;
  subscriptionId: string;
  priceCents: number;
  at: string;
}

/** What a VM is set up with, at its purchase or afterwards (VPS.V1.VirtualMachine.SetupRequest). */
export interface OrderSetup {
  templateId: number;
  dataCenterId: number;
  hostname: string | undefined;
  script: Vm["script"];
  rootPasswordSha256: string | null;
  backupsEnabled: boolean;
  ns1: string;
  ns2: string;
  publicKey: { name: string; key: string } | undefined;
}

/** How a purchase goes, if it does not go as usual. */
export interface PurchasePlan {
  /** `order`: order and VM; `order-only`: without the VM; `payment-initiated`: 202; `specification`: the product specification's older shape. */
  answer?: "order" | "order-only" | "payment-initiated" | "specification" | undefined;
  /** Of the order in the answer; it is paid later unless it is `completed`. */
  orderStatus?: OrderStatus | undefined;
  /** It is paid, and the VM made, so long after the call; null: not by itself. */
  paidAfterMs?: number | null | undefined;
  /** The payment fails so long after the call. */
  failsAfterMs?: number | undefined;
  /** The list of VMs shows it so long after it was made; null: never. */
  listedAfterMs?: number | null | undefined;
  /** Under which name it is listed while it is being made. */
  listedAs?: "asked" | "hostinger" | undefined;
  /** `fails`: the VM stays in `initial`, under Hostinger's own name. */
  setup?: "done" | "fails" | undefined;
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
  /** Of a type whose content is made from fields: SRV, CAA, HTTPS, SVCB. */
  data?: Record<string, unknown>;
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
    | { kind: "order-paid"; orderId: number }
    | { kind: "order-failed"; orderId: number }
    | { kind: "boot-done"; actionId: number }
    | { kind: "script-done"; succeeds: boolean; failsInStep?: number | undefined; mayPass?: boolean | undefined; cutOff?: boolean | undefined }
    | { kind: "action-sent"; actionId: number }
    | { kind: "action-done"; actionId: number; succeeds: boolean; params: Record<string, unknown> };
}

/** Switches that hold until they are changed or the sandbox is reset. */
export interface Settings {
  /** Requests to the Hostinger API in one minute before it answers 429; 0 is no limit. */
  rateLimitPerMinute: number;
  /** `order`: the real API's answer to a purchase; `specification`: the product specification's older shape. */
  purchaseAnswer: NonNullable<PurchasePlan["answer"]>;
  /** Whether the list of scripts tells their content (the product specification's example does not). */
  scriptListContent: boolean;
  /** Whether the list of a VM's public keys works (the real API answers 404). */
  vmPublicKeys: boolean;
  /** Every card is declined. */
  paymentsDeclined: boolean;
  /** Caddy gets its certificate only once the zone points the host name at the VM, as with Let's Encrypt. */
  certificatesNeedDns: boolean;
  /** How many records the zone may have; 0 is no limit. */
  zoneRecordLimit: number;
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
  /** What can be bought, and where. */
  offers: Offers;
  paymentMethods: PaymentMethod[];
  settings: Settings;
}
