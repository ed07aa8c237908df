import { ACTION_EFFECTS, isAlready, STATE_DURING } from "./actions.ts";
import { Plans } from "./plans.ts";
import { scriptLog } from "./script-log.ts";
import { failedOutcome, scriptOutcome } from "./script-outcome.ts";
import { credentialsIn, scriptVariables } from "./script-variables.ts";
import { Schedule } from "../schedule.ts";
import type { Action, BootPlan, PurchasePlan, Step, Vm } from "../model.ts";
import type { World } from "../world.ts";

/** What an action by this name (any, if left out) does next. */
export interface ActionPlan {
  name?: string;
  outcome: "ok" | "error";
  durationMs?: number;
}

/** Steps of orders are about no VM yet. */
const NO_VM = 0;

/** Moves VMs from state to state as time goes by. */
export class Lifecycle {
  readonly bootPlans = new Plans<BootPlan>();
  readonly actionPlans = new Plans<ActionPlan>();
  readonly purchasePlans = new Plans<PurchasePlan>();
  /** What is due to an order is done by whoever knows orders. */
  performOrderStep: (what: Extract<Step["what"], { orderId: number }>) => void = () => undefined;
  readonly #world: World;
  readonly #schedule: Schedule;

  constructor(world: World) {
    this.#world = world;
    this.#schedule = new Schedule(world, (step) => this.#perform(step));
  }

  /** First boot: the VM is `creating`, then running, then its script runs. */
  boot(vm: Vm): void {
    const plan = this.#takeBootPlan(vm);
    vm.state = "creating";
    vm.locked = true;
    const action = this.#world.newAction(vm, "create");
    const durationMs = plan.bootMs ?? this.#world.pace.bootMs;
    this.#schedule.add(vm.id, durationMs / 4, { kind: "action-sent", actionId: action.id });
    this.#schedule.add(vm.id, durationMs, { kind: "boot-done", actionId: action.id });
    this.#world.vmChanged(vm);
  }

  /** An action is created now, sent a little later, and ends in success or error; the VM is locked meanwhile. */
  startAction(vm: Vm, name: string, params: Record<string, unknown> = {}): Action {
    const ordinaryMs = name === "recreate" ? this.#world.pace.bootMs : this.#world.pace.actionMs;
    const plan = this.actionPlans.take(vm.hostname, (one) => one.name === undefined || one.name === name);
    const bootPlan = name === "recreate" ? this.#takeBootPlan(vm) : undefined;
    const durationMs = plan?.durationMs ?? bootPlan?.bootMs ?? ordinaryMs;
    const succeeds = plan?.outcome !== "error" && bootPlan?.outcome !== "error";
    const action = this.#world.newAction(vm, name);
    vm.locked = true;
    if (!isAlready(vm, name)) vm.state = STATE_DURING[name] ?? vm.state;
    this.#schedule.add(vm.id, durationMs / 4, { kind: "action-sent", actionId: action.id });
    this.#schedule.add(vm.id, durationMs, { kind: "action-done", actionId: action.id, succeeds, params });
    this.#world.vmChanged(vm);
    return action;
  }

  /** Nothing that was under way happens any more. */
  forget(vm: Vm): void {
    this.#schedule.cancel(vm.id);
    vm.bootPlan = null;
  }

  /** Runs the script that the VM was set up with, as the first boot does. */
  runScript(vm: Vm): void {
    const plan = vm.bootPlan;
    vm.bootPlan = null;
    if (vm.script === null) return;
    const delayMs = plan?.scriptMs ?? this.#world.pace.scriptMs;
    this.#schedule.add(vm.id, delayMs, { kind: "script-done", succeeds: plan?.outcome !== "script-fails", failsInStep: plan?.failsInStep, mayPass: plan?.mayPass, cutOff: plan?.cutOff });
  }

  /** As somebody does it on the VM, after it has failed. */
  runScriptAgain(vm: Vm): void {
    if (vm.disk?.again === undefined || vm.disk.again.isRunning) return;
    vm.disk.again.isRunning = true;
    this.#schedule.add(vm.id, this.#world.pace.scriptMs, { kind: "script-done", succeeds: vm.disk.again.succeeds });
    this.#world.vmChanged(vm);
  }

  /** A payment comes, or fails, later; over restarts as well. */
  orderLater(delayMs: number, what: Extract<Step["what"], { orderId: number }>): void {
    this.#schedule.add(NO_VM, delayMs, what);
  }

  forgetOrders(): void {
    this.#schedule.cancel(NO_VM);
  }

  close(): void {
    this.#schedule.close();
  }

  #takeBootPlan(vm: Vm): BootPlan {
    vm.bootPlan = this.bootPlans.take(vm.hostname) ?? { outcome: "ok" };
    return vm.bootPlan;
  }

  #perform(step: Step): void {
    const { what } = step;
    if ("orderId" in what) return this.performOrderStep(what);
    const vm = this.#world.findVm(step.vmId);
    if (vm === undefined) return;
    if (what.kind === "script-done") this.#endScript(vm, what);
    else {
      const action = vm.actions.find((one) => one.id === what.actionId);
      if (action === undefined) return;
      if (what.kind === "action-sent") action.state = "sent";
      if (what.kind === "boot-done") this.#endBoot(vm, action);
      if (what.kind === "action-done") this.#endAction(vm, action, what.succeeds, what.params);
      action.updatedAt = this.#world.now();
    }
    this.#world.vmChanged(vm);
  }

  #endBoot(vm: Vm, action: Action): void {
    const outcome = vm.bootPlan?.outcome ?? "ok";
    action.state = outcome === "error" || outcome === "initial" ? "error" : "success";
    vm.locked = false;
    vm.state = outcome === "script-fails" || outcome === "ok" ? "running" : outcome;
    if (vm.state === "initial") return;
    vm.ipv4 ??= this.#world.newAddress();
    if (vm.state === "running") this.runScript(vm);
  }

  #endAction(vm: Vm, action: Action, succeeds: boolean, params: Record<string, unknown>): void {
    action.state = succeeds ? "success" : "error";
    vm.locked = false;
    if (succeeds) ACTION_EFFECTS[action.name]?.(vm, params, this.#world);
    else if (STATE_DURING[action.name] !== undefined) vm.state = "error";
    if (succeeds && action.name === "recreate") this.runScript(vm);
  }

  #endScript(vm: Vm, { succeeds, failsInStep, mayPass, cutOff }: Extract<Step["what"], { kind: "script-done" }>): void {
    if (vm.script === null) return;
    const outcome = succeeds ? scriptOutcome(vm.script.content) : failedOutcome("the script stopped with an error");
    const credentials = credentialsIn(scriptVariables(vm.script.content));
    const before = vm.disk?.again?.isRunning === true ? vm.disk.log : "";
    const log = before + scriptLog(vm.script.content, { outcome, succeeds, failsInStep, mayPass, cutOff });
    vm.disk = { outcome, certificateFor: null, firstBoot: true, log, credentials, ...(!succeeds && { again: { succeeds: mayPass === true || cutOff === true, isRunning: false, ...(cutOff && { isCutOff: true }) } }) };
  }
}
