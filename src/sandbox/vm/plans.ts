/** What the next machine (or action) that fits shall do instead of the ordinary. */
export interface Plan<Effect> {
  /** Only for this host name; for every one if left out. */
  hostname?: string;
  /** How often it applies; 0 is until the sandbox is reset. */
  times: number;
  effect: Effect;
}

/** Plans are used in the order in which they were made; those with a host name come first. */
export class Plans<Effect> {
  #plans: Plan<Effect>[] = [];

  add(plan: Plan<Effect>): void {
    this.#plans.push(plan);
  }

  take(hostname: string, fits: (effect: Effect) => boolean = () => true): Effect | undefined {
    const fitting = this.#plans.filter((plan) => fits(plan.effect));
    const plan = fitting.find((one) => one.hostname === hostname) ?? fitting.find((one) => one.hostname === undefined);
    if (plan === undefined) return undefined;
    if (plan.times === 1) this.#plans = this.#plans.filter((one) => one !== plan);
    if (plan.times > 1) plan.times -= 1;
    return plan.effect;
  }

  clear(): void {
    this.#plans = [];
  }
}
