import { PurchaseUncertainError } from "../../providers/hostinger/api/client.ts";
import type { HostingerClient, PostInstallScript, PurchaseRequest, VirtualMachine } from "../../providers/hostinger/api/client.ts";
import type { Session } from "../../providers/hostinger/session.ts";
import type { VirtualMachineInputs } from "../../providers/hostinger/virtual-machine-args.ts";

export type PurchaseOutcome = "answered" | "lost-after-effect" | "lost-before-effect" | "unnamed" | Error;

/** A Hostinger account in memory, for what a real server cannot be made to do at the right instant. */
export class FakeAccount {
  readonly vms: VirtualMachine[] = [];
  readonly scripts: PostInstallScript[] = [];
  readonly reports: string[] = [];
  purchases = 0;
  /** What the next purchases do; afterwards `answered`. */
  outcomes: PurchaseOutcome[] = [];
  /** Runs before each list of VMs, with the number of that call. */
  onListVms: (call: number) => void = () => {};
  #nextId = 100;
  #listCalls = 0;

  session(overrides: Partial<Session["settings"]> = {}, signal = new AbortController().signal): Session {
    return {
      client: this.#client() as unknown as HostingerClient,
      settings: { apiKey: "fake", baseUrl: "http://127.0.0.1", purchaseTimeoutMs: 150, purchaseSettleMs: 100, runningTimeoutMs: 30_000, initialGraceMs: 10, patience: "own", ...overrides },
      signal,
      report: (text) => void this.reports.push(text),
    };
  }

  addVm(values: Partial<VirtualMachine>): VirtualMachine {
    const vm = {
      id: this.#nextId++, hostname: "", state: "running", plan: "KVM 1", dataCenterId: 9, template: { id: 1007, name: "Ubuntu" }, actionsLock: "unlocked",
      ipv4: [{ id: 1, address: "127.0.0.2", ptr: null }], ipv6: [], subscriptionId: "sub", createdAt: new Date().toISOString(), ...values,
    } as unknown as VirtualMachine;
    this.vms.push(vm);
    return vm;
  }

  addScript(name: string, content: string, createdAt = new Date().toISOString()): PostInstallScript {
    const script = { id: this.#nextId++, name, content, createdAt, updatedAt: createdAt };
    this.scripts.push(script);
    return script;
  }

  #client() {
    return {
      serverTimeOffsetMs: 0,
      scripts: {
        list: async () => [...this.scripts],
        create: async ({ name, content }: { name: string; content: string }) => this.addScript(name, content),
        update: async (id: number, { content }: { content: string }) => Object.assign(this.scripts.find((script) => script.id === id)!, { content }),
        delete: async (id: number) => void this.scripts.splice(0, Infinity, ...this.scripts.filter((script) => script.id !== id)),
      },
      virtualMachines: {
        list: async () => {
          this.onListVms(++this.#listCalls);
          return [...this.vms];
        },
        purchase: async (request: PurchaseRequest) => this.#purchase(request),
        setup: async (id: number, { hostname }: { hostname: string }) => Object.assign(this.vms.find((vm) => vm.id === id)!, { hostname, state: "creating" }),
      },
    };
  }

  #purchase(request: PurchaseRequest) {
    const outcome = this.outcomes.shift() ?? "answered";
    if (outcome instanceof Error) throw outcome;
    if (outcome === "lost-before-effect") throw new PurchaseUncertainError("the connection was cut");
    this.purchases++;
    if (outcome === "unnamed") {
      setTimeout(() => this.addVm({ hostname: request.setup.hostname ?? "" }), 300);
      return { orderId: "o-1", virtualMachineId: undefined };
    }
    const vm = this.addVm({ hostname: request.setup.hostname ?? "" });
    if (outcome === "lost-after-effect") throw new PurchaseUncertainError("the connection was cut");
    return { orderId: "o-1", virtualMachineId: vm.id };
  }
}

export const ALICE: VirtualMachineInputs = {
  plan: "hostingercom-vps-kvm1-usd-1m", templateId: 1007, dataCenterId: 9, hostname: "alice.spoq.dev", rootPassword: "fake-Password-1",
  enableBackups: true, autoRenew: true, allowPurchase: true, wipeOnDelete: false,
};
