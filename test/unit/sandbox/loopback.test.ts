import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { assertLoopback, PROXY_ADDRESS, RESERVATION_ADDRESS, vmAddress } from "../../../src/sandbox/loopback.ts";

describe("the addresses of VMs", () => {
  it("are loopback, all different, and none that the sandbox uses itself", () => {
    const addresses = new Set([PROXY_ADDRESS, RESERVATION_ADDRESS]);
    for (let number = 0; number < 10_000; number += 1) {
      const address = vmAddress(number);
      assertLoopback(address);
      assert.ok(!addresses.has(address));
      addresses.add(address);
    }
    assert.deepEqual([vmAddress(0), vmAddress(253), vmAddress(254)], ["127.77.0.1", "127.77.0.254", "127.77.1.1"]);
  });

  it("end: there is an error, not an address used twice", () => {
    assert.throws(() => vmAddress(255 * 254), /no loopback address left/);
  });
});
