/** An engine that runs nothing: what each `up` comes to is decided by the test. */
import type { Engine, RunHooks, StackRequest, StackVm, UpOptions } from "../../src/provisioning/engine.ts";

export class StubEngine implements Engine {
  /** The settings of each `up`, in their order, and whether it might buy. */
  readonly ups: (StackRequest & Pick<UpOptions, "mayBuy">)[] = [];
  /** Which VMs each `up` might give up. */
  readonly leftOvers: (readonly number[])[] = [];
  /** How long each `up` was to wait. */
  readonly patiences: UpOptions["patience"][] = [];
  /** Whether each `up` looked first at what is there. */
  readonly refreshes: boolean[] = [];
  /** What each `up` was to do again. */
  readonly agains: (readonly string[])[] = [];
  readonly stacks = new Map<string, StackVm[]>();
  /** Returns the id of the stack's VM, or throws. */
  onUp: (request: StackRequest, hooks: RunHooks) => Promise<number> | number = () => {
    throw new Error("The test does not say what an up comes to.");
  };

  async up(request: StackRequest, hooks: RunHooks, { mayBuy, patience, refresh = false, leftOvers = [], again = [] }: UpOptions = {}) {
    this.leftOvers.push(leftOvers);
    this.patiences.push(patience);
    this.refreshes.push(refresh);
    this.agains.push(again);
    this.ups.push({ ...request, ...(mayBuy !== undefined && { mayBuy }) });
    const vmId = await this.onUp(request, hooks);
    this.stacks.set(request.stackName, [vmOf(vmId)]);
    const hostname = `${request.stackName}.spoq.dev`;
    const outputs = { address: "127.0.0.2", hostname, url: `https://${hostname}`, vmId, orderId: `o-${vmId}`, subscriptionId: `s-${vmId}`, healthy: true, password: "fake-Password-1", jwtSecret: "fake-jwt-secret" };
    return { changes: { create: 1 }, outputs };
  }

  async vms(stackName: string) {
    return this.stacks.get(stackName) ?? [];
  }

  preview = refused;
  refresh = refused;
  destroy = refused;
  clearInterruptedRun = async () => undefined;
  cancel = async () => undefined;
}

export function vmOf(vmId: number): StackVm {
  return { vmId, plan: undefined, dataCenterId: undefined, recreation: undefined, address: undefined, isLeftOver: false, isNew: false };
}

async function refused(): Promise<never> {
  throw new Error("The test has no use for this.");
}
