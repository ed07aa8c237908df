/** What is measured, from the command line. */
import { parseArgs } from "node:util";
import type { InFlightOptions } from "./in-flight.ts";
import type { LatencyOptions } from "./latency.ts";
import { OPERATIONS } from "./ways.ts";
import type { Operation } from "./ways.ts";

export const PARTS = ["ways", "throughput", "flight", "latency", "sweeps"] as const;
export type Part = (typeof PARTS)[number];

export interface Plan {
  readonly json: boolean;
  readonly parts: ReadonlySet<Part>;
  readonly rounds: number;
  readonly operations: readonly Operation[];
  /** [runs at once, runs of each] */
  readonly throughput: readonly (readonly [number, number])[];
  readonly flight: InFlightOptions;
  readonly latency: LatencyOptions;
  /** Users of each fleet. */
  readonly sweeps: readonly number[];
  /** Another version's checkout, with its node_modules; then nothing else is measured. */
  readonly against: string | undefined;
  /** Stacks' secrets by a key service (SECRETS_PROVIDER) in place of a passphrase. */
  readonly keyService: boolean;
}

/** For the JSON line within 50 s. */
const QUICK = {
  parts: ["ways", "throughput", "flight"], rounds: 1, operations: ["create", "unchanged"], throughput: [[1, 1], [2, 1], [4, 1]], sweeps: [],
  flight: { users: 3, everySeconds: 0, bootSeconds: 1, scriptSeconds: 1, concurrency: 2, limitSeconds: 120, restSeconds: 0 },
} as const;
const FULL = {
  parts: PARTS, rounds: 5, operations: OPERATIONS, throughput: [[1, 10], [2, 8], [4, 5]], sweeps: [1_000, 10_000],
  flight: { users: 24, everySeconds: 0, bootSeconds: 60, scriptSeconds: 1, concurrency: 2, limitSeconds: 3_600, restSeconds: 5 },
} as const;
const LATENCY = { requestsASecond: 200, seconds: 20 };

/** @throws TypeError for an option that is not known */
export function planOf(args: readonly string[]): Plan {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({ args: [...args], options: { quick: flag, json: flag, only: text, rounds: text, users: text, every: text, boot: text, script: text, concurrency: text, kill: text, rate: text, sweeps: text, against: text, "key-service": flag } });
  const plan = values.quick ? QUICK : FULL;
  const asked = values.only?.split(",") ?? plan.parts;
  const unknown = asked.filter((part) => !PARTS.includes(part as Part));
  if (unknown.length > 0) throw new TypeError(`--only takes ${PARTS.join(", ")} with commas between, got '${unknown.join(",")}'`);
  return {
    json: values.json, keyService: values["key-service"], against: values.against, parts: new Set(asked as Part[]), operations: plan.operations, throughput: plan.throughput,
    rounds: Number(values.rounds ?? plan.rounds),
    latency: { ...LATENCY, requestsASecond: Number(values.rate ?? LATENCY.requestsASecond) },
    sweeps: values.sweeps?.split(",").map(Number) ?? plan.sweeps,
    flight: {
      ...plan.flight,
      users: Number(values.users ?? plan.flight.users), everySeconds: Number(values.every ?? plan.flight.everySeconds), bootSeconds: Number(values.boot ?? plan.flight.bootSeconds), scriptSeconds: Number(values.script ?? plan.flight.scriptSeconds),
      concurrency: Number(values.concurrency ?? plan.flight.concurrency), ...(values.kill !== undefined && { killAtReady: Number(values.kill) }),
    },
  };
}
