import type { Step } from "./model.ts";
import type { World } from "./world.ts";

/**
 * Runs the steps that are due. The steps themselves are part of the world's state, so a sandbox that was
 * restarted goes on where it was.
 */
export class Schedule {
  readonly #world: World;
  readonly #perform: (step: Step) => void;
  readonly #timers = new Map<Step, NodeJS.Timeout>();

  constructor(world: World, perform: (step: Step) => void) {
    this.#world = world;
    this.#perform = perform;
    for (const step of world.state.steps) this.#arm(step);
  }

  add(vmId: number, delayMs: number, what: Step["what"]): void {
    const step: Step = { vmId, dueAtMs: Date.now() + delayMs, what };
    this.#world.state.steps.push(step);
    this.#arm(step);
  }

  /** Forgets everything that was to happen to one VM. */
  cancel(vmId: number): void {
    for (const step of this.#world.state.steps.filter((one) => one.vmId === vmId)) this.#remove(step);
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #arm(step: Step): void {
    // In the order in which they are due, whichever timer comes first: on a busy machine the later of two may.
    const fire = () => {
      const due = this.#world.state.steps.filter(({ vmId, dueAtMs }) => vmId === step.vmId && dueAtMs <= step.dueAtMs).sort((a, b) => a.dueAtMs - b.dueAtMs);
      for (const one of due) {
        if (!this.#timers.has(one)) continue;
        this.#remove(one);
        this.#perform(one);
      }
    };
    this.#timers.set(step, setTimeout(fire, Math.max(0, step.dueAtMs - Date.now())));
  }

  #remove(step: Step): void {
    clearTimeout(this.#timers.get(step));
    this.#timers.delete(step);
    this.#world.state.steps = this.#world.state.steps.filter((one) => one !== step);
  }
}
