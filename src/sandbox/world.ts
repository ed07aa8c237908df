import { EventEmitter } from "node:events";
import { offersAtFirst, PAYMENT_METHODS } from "./hostinger/catalog.ts";
import { Lookup } from "./lookup.ts";
import { vmAddress } from "./loopback.ts";
import type { Action, DnsRecord, IpAddress, Settings, Vm, WorldState } from "./model.ts";

/** How long things take, in milliseconds. */
export interface Pace {
  /** From the purchase until the VM is running. */
  bootMs: number;
  /** From running until the post-install script has ended. */
  scriptMs: number;
  /** From the start of any other action to its end. */
  actionMs: number;
}

export const DEFAULT_SETTINGS: Settings = {
  rateLimitPerMinute: 0,
  purchaseAnswer: "order",
  scriptListContent: true,
  vmPublicKeys: false,
  paymentsDeclined: false,
  certificatesNeedDns: true,
  zoneRecordLimit: 0,
  dateOffsetMs: 0,
};

export function emptyState(): WorldState {
  return {
    nextId: 100_001,
    nextAddress: 0,
    vms: [],
    subscriptions: [],
    purchases: [],
    scripts: [],
    publicKeys: [],
    firewalls: [],
    records: [],
    zoneSerial: 1,
    steps: [],
    offers: offersAtFirst(),
    paymentMethods: PAYMENT_METHODS.map((method) => ({ ...method })),
    settings: { ...DEFAULT_SETTINGS },
  };
}

interface WorldEvents {
  /** A VM may serve now, or serve no longer, or is gone. */
  vm: [vmId: number];
  /** Anything in the state is different. */
  changed: [];
}

/** The state and the only place where numbers and addresses are given out. */
export class World extends EventEmitter<WorldEvents> {
  state: WorldState;
  readonly pace: Pace;
  /** Not `domain`: an EventEmitter's `domain` belongs to node:domain, which Pulumi's Automation API loads. */
  readonly zoneName: string;
  readonly zoneId: string;
  readonly #vms = new Lookup<Vm, number>(() => this.state.vms, ({ id }) => [id]);
  readonly #records = new Lookup<DnsRecord, string>(() => this.state.records, ({ name }) => [name]);
  readonly #below = new Lookup<DnsRecord, string>(() => this.state.records, ({ name }) => enclosersOf(name));

  constructor(given: { state: WorldState; pace: Pace; domain: string; zoneId: string }) {
    super();
    this.state = given.state;
    this.pace = given.pace;
    this.zoneName = given.domain;
    this.zoneId = given.zoneId;
  }

  now(): string {
    return new Date().toISOString().replace(/\.\d+Z$/, "Z");
  }

  /** The header `Date`, if it is to be another than Node's own. */
  dateHeader(): Record<string, string> {
    const { dateOffsetMs } = this.state.settings;
    return dateOffsetMs === 0 ? {} : { date: new Date(Date.now() + dateOffsetMs).toUTCString() };
  }

  newId(): number {
    return this.state.nextId++;
  }

  newAddress(): IpAddress {
    return { id: this.newId(), address: vmAddress(this.state.nextAddress++), ptr: null };
  }

  findVm(id: number): Vm | undefined {
    return this.#vms.at(id)[0];
  }

  recordsAt(name: string): readonly DnsRecord[] {
    return this.#records.at(name);
  }

  /** Whether a record has a name below this one. */
  hasRecordBelow(name: string): boolean {
    return this.#below.at(name).length > 0;
  }

  newAction(vm: Vm, name: string): Action {
    const now = this.now();
    const action: Action = { id: this.newId(), name, state: "created", createdAt: now, updatedAt: now };
    vm.actions.push(action);
    return action;
  }

  vmChanged(vm: Vm): void {
    this.emit("vm", vm.id);
    this.changed();
  }

  changed(): void {
    this.emit("changed");
  }
}

/** `b.c` and `c` of `a.b.c`. */
function enclosersOf(name: string): string[] {
  const labels = name.split(".");
  return labels.slice(1).map((_, index) => labels.slice(index + 1).join("."));
}
