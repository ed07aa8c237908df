/** The three ways of an `up` that are compared. Each works on stacks of its own, in the same state backend. */

export const OPERATIONS = ["create", "unchanged", "preview", "destroy"] as const;
export type Operation = (typeof OPERATIONS)[number];

export interface Measured {
  readonly seconds: number;
  /** Of all processes that took part, apart from sandbox and PostgreSQL. */
  readonly cpuSeconds: number;
}

export interface Way {
  readonly name: "stock" | "slot" | "cli";
  /** In the order of OPERATIONS, for a stack that is not there yet. */
  measure(stackName: string, operation: Operation): Promise<Measured>;
  close(): Promise<void>;
}

/** The stack's settings, as far as they have no default in the environment. */
export const settingsOf = (stackName: string) => ({ username: stackName, protect: "false" });

export async function timed(cpuSeconds: () => number, work: () => Promise<unknown>): Promise<Measured> {
  const cpuBefore = cpuSeconds();
  const startMs = performance.now();
  await work();
  return { seconds: (performance.now() - startMs) / 1_000, cpuSeconds: cpuSeconds() - cpuBefore };
}
