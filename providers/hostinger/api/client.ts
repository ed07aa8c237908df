/** Hostinger's API (versions 1.42.5 to 2.3.0): the calls that the specification names and that the resources need. */

import { MINUTE_MS, SECOND_MS } from "../../core/time.ts";
import { paymentMethodCalls, subscriptionCalls } from "./billing.ts";
import { catalogCalls, dataCenterCalls, templateCalls } from "./catalog.ts";
import { firewallCalls } from "./firewalls.ts";
import { publicKeyCalls } from "./public-keys.ts";
import { scriptCalls } from "./scripts.ts";
import { sshKeyCalls } from "./ssh-keys.ts";
import { HostingerTransport } from "./transport.ts";
import { virtualMachineCalls } from "./virtual-machines.ts";

export { specificationState, type Action, type ActionState } from "./actions.ts";
export type { PaymentMethod, Subscription } from "./billing.ts";
export type { CatalogItem, DataCenter, Template } from "./catalog.ts";
export type { Firewall, FirewallRule, FirewallRuleRequest } from "./firewalls.ts";
export type { PublicKey, PublicKeyRequest } from "./public-keys.ts";
export type { Ordered, PurchaseOutcome, PurchaseRequest } from "./purchase.ts";
export type { PostInstallScript, ScriptRequest } from "./scripts.ts";
export type { SetupRequest } from "./setup-request.ts";
export type { CallOptions } from "./transport.ts";
export type { RecreateRequest } from "./virtual-machines.ts";
export type { IpAddress, VirtualMachine, VmState } from "./virtual-machine.ts";
export type { Snapshot } from "./vm-data.ts";
export type { OddEntry, VmList } from "./vm-list.ts";

export const DEFAULT_BASE_URL = "https://developers.hostinger.com";

export interface HostingerClientOptions {
  readonly baseUrl?: string;
  /** The API token. Secret. */
  readonly apiKey: string;
  /** For one attempt: connection, headers and body; 30 s unless told. */
  readonly requestTimeoutMs?: number;
  /** How long a call that may be repeated goes on starting repetitions; 120 s unless told. */
  readonly retryLimitMs?: number;
  /** How long a purchase may be tried and be in flight, when its call does not say; 60 s unless told. */
  readonly purchaseTimeoutMs?: number;
  readonly userAgent?: string;
  /** Of the run that this client is for: when it is aborted, every call ends. */
  readonly signal?: AbortSignal;
}

/**
 * All clients of a process with the same base URL and token share one rate limiter. Every call
 * throws `UserVpsError` (API_…, or CANCELLED), or the signal's own reason if that is an error.
 */
export class HostingerClient {
  readonly catalog: ReturnType<typeof catalogCalls>;
  readonly dataCenters: ReturnType<typeof dataCenterCalls>;
  readonly templates: ReturnType<typeof templateCalls>;
  readonly scripts: ReturnType<typeof scriptCalls>;
  readonly virtualMachines: ReturnType<typeof virtualMachineCalls>;
  readonly publicKeys: ReturnType<typeof publicKeyCalls>;
  readonly sshKeys: ReturnType<typeof sshKeyCalls>;
  readonly firewalls: ReturnType<typeof firewallCalls>;
  readonly subscriptions: ReturnType<typeof subscriptionCalls>;
  readonly paymentMethods: ReturnType<typeof paymentMethodCalls>;
  readonly #transport: HostingerTransport;

  readonly #options: HostingerClientOptions;

  constructor(options: HostingerClientOptions, of?: HostingerTransport) {
    const transport = of ?? new HostingerTransport({
      baseUrl: options.baseUrl ?? DEFAULT_BASE_URL,
      apiKey: options.apiKey,
      requestTimeoutMs: options.requestTimeoutMs ?? 30 * SECOND_MS,
      retryLimitMs: options.retryLimitMs ?? 2 * MINUTE_MS,
      userAgent: options.userAgent ?? "user-vps/0.1",
      signal: options.signal,
    });
    this.#options = options;
    this.#transport = transport;
    this.catalog = catalogCalls(transport);
    this.dataCenters = dataCenterCalls(transport);
    this.templates = templateCalls(transport);
    this.scripts = scriptCalls(transport);
    this.virtualMachines = virtualMachineCalls(transport, options.purchaseTimeoutMs ?? MINUTE_MS);
    this.publicKeys = publicKeyCalls(transport);
    this.sshKeys = sshKeyCalls(transport);
    this.firewalls = firewallCalls(transport);
    this.subscriptions = subscriptionCalls(transport);
    this.paymentMethods = paymentMethodCalls(transport);
  }

  /** The same client for one run, with connections and all: every call ends with this signal too, and with what `beforeCall` throws. Only one of them is to be closed. */
  withSignal(signal: AbortSignal, beforeCall?: () => Promise<void>): HostingerClient {
    return new HostingerClient(this.#options, this.#transport.withSignal(signal, beforeCall));
  }

  /** The server's clock minus the local one, in ms to a second, by the `Date` of the last success; 0 before the first. */
  get serverTimeOffsetMs(): number {
    return this.#transport.serverTimeOffsetMs;
  }

  /** Closes the connections after the calls that are under way. */
  async close(): Promise<void> {
    await this.#transport.close();
  }
}
