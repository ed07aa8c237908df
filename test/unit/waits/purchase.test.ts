import assert from "node:assert/strict";
import { describe, it } from "vitest";
import type { VirtualMachine } from "../../../providers/hostinger/api/client.ts";
import { wantsLook } from "../../../src/waits/purchase.ts";

const SINCE = new Date("2026-01-01T00:00:00Z");
const at = (seconds: number) => new Date(SINCE.getTime() + 1_000 * seconds);
const vm = (hostname: string, seconds: number) => ({ id: 7, hostname, createdAt: at(seconds).toISOString() }) as VirtualMachine;
const wants = (vms: readonly VirtualMachine[], nowSeconds: number, ranSeconds = 0) => wantsLook({ hostname: "alice.spoq.dev", since: SINCE, until: at(600), ranAt: at(ranSeconds) }, vms, at(nowSeconds).getTime());

describe("a purchase of unknown outcome", () => {
  it("is looked at by a run when a VM shows that may be it, and not while none does", () => {
    assert.equal(wants([], 300), false);
    assert.equal(wants([vm("bob.spoq.dev", 5)], 300), false);
    assert.equal(wants([vm("srv7.hstgr.cloud", -3_600)], 300), false, "it was there before");
    assert.equal(wants([vm("Alice.spoq.dev", 5)], 300), true);
    assert.equal(wants([vm("srv7.hstgr.cloud", -30)], 300), true);
  });

  it("is looked at when the settle time is over: then a person decides", () => {
    assert.deepEqual([wants([], 599), wants([], 600)], [false, true]);
  });

  it("is looked at less often the longer what shows turns out not to be it", () => {
    const looks: number[] = [];
    let ranSeconds = 0;
    for (let now = 0; now < 600; now++) {
      if (!wants([vm("srv7.hstgr.cloud", 5)], now, ranSeconds)) continue;
      looks.push(now);
      ranSeconds = now;
    }
    assert.deepEqual(looks, [10, 20, 30, 45, 68, 102, 153, 230, 345, 518]);
  });
});
