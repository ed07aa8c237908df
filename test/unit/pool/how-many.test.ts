import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { howMany, MOST_ON_THE_WAY } from "../../../src/pool/how-many.ts";
import type { PoolRecord } from "../../../src/records/index.ts";

const POOL: PoolRecord = { poolId: "kvm1-9-1007", plan: "p", dataCenterId: 9, templateId: 1007, keepReady: 3, schedule: [], mostPerDay: null, state: "filling", failures: 0, pausedBecause: null, setBy: null, setAt: new Date(0) };
const facts = { now: new Date(0), held: undefined, onTheWay: 0, reusable: 0 } as const;

describe("how many members a pool begins", () => {
  const cases: [what: string, pool: Partial<PoolRecord>, counts: { had: number; begunToday: number }, more: Partial<Parameters<typeof howMany>[2]>, expected: [reused: number, bought: number]][] = [
    ["what is missing", {}, { had: 1, begunToday: 0 }, {}, [0, 2]],
    ["none if it has enough", {}, { had: 4, begunToday: 0 }, {}, [0, 0]],
    ["a few at a time", { keepReady: 50 }, { had: 0, begunToday: 0 }, {}, [0, MOST_ON_THE_WAY]],
    ["fewer while others are on their way", { keepReady: 50 }, { had: 3, begunToday: 3 }, { onTheWay: 3 }, [0, MOST_ON_THE_WAY - 3]],
    ["as many as may be bought a day", { mostPerDay: 5 }, { had: 0, begunToday: 4 }, {}, [0, 1]],
    ["none beyond that", { mostPerDay: 4 }, { had: 0, begunToday: 4 }, {}, [0, 0]],
    ["wiped VMs first, which are paid", {}, { had: 0, begunToday: 0 }, { reusable: 2 }, [2, 1]],
    ["wiped VMs alone, if nothing may be bought", {}, { had: 0, begunToday: 0 }, { reusable: 2, held: "purchases" }, [2, 0]],
    ["wiped VMs beyond what may be bought a day", { mostPerDay: 0 }, { had: 0, begunToday: 0 }, { reusable: 1 }, [1, 0]],
    ["none while people wait", {}, { had: 0, begunToday: 0 }, { reusable: 2, held: "people" }, [0, 0]],
    ["none if it has paused", { state: "paused", pausedBecause: "x" }, { had: 0, begunToday: 0 }, {}, [0, 0]],
    ["none if it is drained", { state: "draining" }, { had: 0, begunToday: 0 }, {}, [0, 0]],
    ["as many as the schedule says", { schedule: ["00:00-24:00 = 1"] }, { had: 0, begunToday: 0 }, {}, [0, 1]],
  ];
  for (const [what, pool, counts, more, [reused, bought]] of cases) {
    it(`is ${what}`, () => assert.deepEqual(howMany({ ...POOL, ...pool }, counts, { ...facts, ...more }), { reused, bought }));
  }
});
