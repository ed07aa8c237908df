/** The account's VMs as last listed, with their age, for all who want to know: one list for however many wait. */
import { orAborted } from "../../providers/core/or-aborted.ts";
import type { VirtualMachine } from "../../providers/hostinger/api/client.ts";

export interface Inventory {
  readonly vms: ReadonlyMap<number, VirtualMachine>;
  /** By `performance.now()`, when the list was asked for. */
  readonly askedAtMs: number;
}

export type ListVms = (signal: AbortSignal) => Promise<readonly VirtualMachine[]>;

export class VmInventory {
  readonly #list: ListVms;
  readonly #closing = new AbortController();
  #latest: Inventory | undefined;
  #listing: Promise<Inventory> | undefined;

  constructor(list: ListVms) {
    this.#list = list;
  }

  /**
   * The list, if it is no older; else a new one, which all who ask meanwhile share: the signal ends the caller's
   * waiting, not the others'. Throws what the API's client throws.
   */
  async notOlderThan(ageMs: number, signal: AbortSignal): Promise<Inventory> {
    if (this.#latest && performance.now() - this.#latest.askedAtMs <= ageMs) return this.#latest;
    return await orAborted((this.#listing ??= this.#ask()), signal);
  }

  /** Breaks off what is being listed. */
  close(): void {
    this.#closing.abort();
  }

  async #ask(): Promise<Inventory> {
    const askedAtMs = performance.now();
    try {
      const vms = await this.#list(this.#closing.signal);
      return (this.#latest = { vms: new Map(vms.map((vm) => [vm.id, vm])), askedAtMs });
    } finally {
      this.#listing = undefined;
    }
  }
}
