import { UserVpsError } from "../../providers/core/errors.ts";
import type { HostingerClient, OddEntry, PostInstallScript, PurchaseOutcome, PurchaseRequest, Subscription, VirtualMachine } from "../../providers/hostinger/api/client.ts";
import type { Session } from "../../providers/hostinger/session.ts";
import type { VirtualMachineInputs } from "../../providers/hostinger/virtual-machine-args.ts";

/**
 * What a purchase does: `lost-…` has no answer, `unnamed` and `initiated` (202) name no VM, `setup-refused` is paid, and answered
 * with a refusal, its VM in `initial`.
 */
export type FakePurchase = "answered" | "setup-refused" | "lost-after-effect" | "lost-before-effect" | "unnamed" | "initiated" | PurchaseOutcome;

/** A Hostinger account in memory, for what a real server cannot be made to do at the right instant. */
export class FakeAccount {
  readonly vms: VirtualMachine[] = [];
  readonly odd: OddEntry[] = [];
  readonly subscriptions: Subscription[] = [];
  readonly scripts: PostInstallScript[] = [];
  readonly reports: string[] = [];
  /** Orders that were made. */
  purchases = 0;
  /** What the next purchases do; afterwards `answered`. */
  outcomes: FakePurchase[] = [];
  /** Runs before each list of VMs, with the number of that call. */
  onListVms: (call: number) => void = () => {};
  #nextId = 100;
  #listCalls = 0;

  session(overrides: Partial<Session["settings"]> = {}, signal = new AbortController().signal): Session {
    const settings = { apiKey: "fake", baseUrl: "http://127.0.0.1", purchaseTimeoutMs: 150, purchaseIntentMs: 3_000, purchaseSettleMs: 400, runningTimeoutMs: 30_000, notFoundGraceMs: 180_000, initialGraceMs: 10, purchaseUncertainPolicy: "ask" as const, mayBuy: true, patience: "own" as const };
    return { client: this.client() as unknown as HostingerClient, settings: { ...settings, ...overrides }, signal, report: (text) => void this.reports.push(text) };
  }

  addVm(values: Partial<VirtualMachine>): VirtualMachine {
    const vm = {
      id: this.#nextId++, hostname: "", state: "running", plan: "KVM 1", dataCenterId: 9, template: { id: 1007, name: "Ubuntu" }, actionsLock: "unlocked",
      ipv4: [{ id: 1, address: "127.0.0.2", ptr: null }], ipv6: [], subscriptionId: null, createdAt: new Date().toISOString(), ...values,
    } as unknown as VirtualMachine;
    this.vms.push(vm);
    return vm;
  }

  addSubscription(values: Partial<Subscription>): Subscription {
    const subscription = { id: `sub-${this.#nextId++}`, name: "KVM 1", status: "active", createdAt: new Date().toISOString(), ...values } as Subscription;
    this.subscriptions.push(subscription);
    return subscription;
  }

  addScript(name: string, content: string | null, createdAt = new Date().toISOString()): PostInstallScript {
    const script = { id: this.#nextId++, name, content, createdAt, updatedAt: createdAt };
    this.scripts.push(script);
    return script;
  }

  client() {
    const notFound = () => new UserVpsError("API_NOT_FOUND", "no such script");
    const scriptOf = (id: number) => {
      const script = this.scripts.find((one) => one.id === id);
      if (!script) throw notFound();
      return script;
    };
    const listVms = () => {
      this.onListVms(++this.#listCalls);
      return [...this.vms];
    };
    return {
      serverTimeOffsetMs: 0,
      scripts: {
        list: async () => this.scripts.map((script) => ({ ...script })),
        newest: async () => this.scripts.toReversed().map((script) => ({ ...script })),
        get: async (id: number) => ({ ...scriptOf(id) }),
        createOrFind: async ({ name, content }: { name: string; content: string }) => ({ ...this.addScript(name, content) }),
        update: async (id: number, { content }: { content: string }) => ({ ...Object.assign(scriptOf(id), { content, updatedAt: new Date().toISOString() }) }),
        delete: async (id: number) => void this.scripts.splice(this.scripts.indexOf(scriptOf(id)), 1),
      },
      subscriptions: {
        list: async () => [...this.subscriptions],
        disableAutoRenewal: async (id: string) => {
          const place = this.subscriptions.findIndex((one) => one.id === id);
          return (this.subscriptions[place] = { ...this.subscriptions[place]!, isAutoRenewed: false });
        },
      },
      virtualMachines: {
        list: async () => listVms(),
        listEntries: async () => ({ vms: listVms(), odd: [...this.odd] }),
        get: async (id: number) => {
          const vm = this.vms.find((one) => one.id === id);
          if (!vm) throw notFound();
          return { ...vm };
        },
        purchase: async (request: PurchaseRequest) => this.#purchase(request),
        setup: async (id: number, { hostname }: { hostname: string }) => Object.assign(this.vms.find((vm) => vm.id === id)!, { hostname, state: "creating" }),
      },
    };
  }

  #purchase(request: PurchaseRequest): PurchaseOutcome {
    const going = this.outcomes.shift() ?? "answered";
    if (typeof going === "object") return going;
    const lost: PurchaseOutcome = { kind: "unknown", said: "the connection was cut" };
    if (going === "lost-before-effect") return lost;
    this.purchases++;
    const hostname = request.setup.hostname ?? "";
    const { id: subscriptionId } = this.addSubscription({});
    if (going === "unnamed" || going === "initiated") {
      setTimeout(() => this.addVm({ hostname, subscriptionId }), 300).unref();
      return { kind: "accepted", orderId: "o-1", subscriptionId: going === "initiated" ? subscriptionId : undefined, orderStatus: "payment_initiated" };
    }
    if (going === "setup-refused") {
      const { id } = this.addVm({ subscriptionId, state: "initial" });
      this.vms.find((vm) => vm.id === id)!.hostname = `srv${id}.hstgr.cloud`;
      return { kind: "refused", error: new UserVpsError("API_REJECTED", "The data center is not available for this item.", { status: 422 }) };
    }
    const vm = this.addVm({ hostname, subscriptionId });
    return going === "lost-after-effect" ? lost : { kind: "named", vmId: vm.id, orderId: "o-1", subscriptionId, orderStatus: "completed" };
  }
}

export const ALICE: VirtualMachineInputs = {
  plan: "hostingercom-vps-kvm1-usd-1m", templateId: 1007, dataCenterId: 9, hostname: "alice.spoq.dev", rootPassword: "fake-Password-1",
  enableBackups: true, autoRenew: true, allowPurchase: true, wipeOnDelete: false, allowDelete: false,
};
