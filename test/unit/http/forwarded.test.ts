import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { addressIn, normaliseForwarded } from "../../../src/http/forwarded.ts";

function normalised(headers: Record<string, string>): Record<string, unknown> {
  const request = { headers: { ...headers } as never };
  normaliseForwarded(request);
  return request.headers;
}

describe("an entry of X-Forwarded-For", () => {
  for (const [entry, address] of [
    ["1.2.3.4", "1.2.3.4"], ["1.2.3.4:51008", "1.2.3.4"], [" 1.2.3.4 ", "1.2.3.4"], ['"1.2.3.4:80"', "1.2.3.4"],
    ["2001:DB8::1", "2001:db8::1"], ["[2001:db8::1]", "2001:db8::1"], ["[2001:db8::1]:51008", "2001:db8::1"], ['"[2001:db8::1]:51008"', "2001:db8::1"],
    ["fe80::1%eth0", "fe80::1"], ["[fe80::1%25eth0]:443", "fe80::1"], ["::ffff:8.8.8.8", "8.8.8.8"], ["[::ffff:8.8.8.8]:1", "8.8.8.8"],
    ["::ffff:808:808", "8.8.8.8"], ["0:0:0:0:0:ffff:8.8.8.8", "8.8.8.8"], ["2001:0DB8:0000::0001", "2001:db8::1"], ["[2001:db8:0:0:0:0:0:1]:1", "2001:db8::1"],
  ] as const) {
    it(`'${entry}' is the address ${address}`, () => assert.equal(addressIn(entry), address));
  }

  for (const entry of ["", "unknown", "_hidden", "1.2.3.4.5", "1.2.3.4:", "1.2.3.4:port", "300.1.1.1", "[2001:db8::1", "2001:db8::1]:1", "example.com", "1.2.3.4:123456"]) {
    it(`'${entry}' is none`, () => assert.equal(addressIn(entry), undefined));
  }
});

describe("the headers of a forwarded request", () => {
  it("hold bare addresses, in their order", () => {
    assert.deepEqual(normalised({ "x-forwarded-for": "9.9.9.9:1, [2001:db8::1]:51008,1.2.3.4:51008" }), { "x-forwarded-for": "9.9.9.9, 2001:db8::1, 1.2.3.4" });
  });

  it("lose what stands before an entry that is no address, for nobody vouches for it", () => {
    assert.deepEqual(normalised({ "x-forwarded-for": "6.6.6.6, unknown, 1.2.3.4" }), { "x-forwarded-for": "1.2.3.4" });
    assert.deepEqual(normalised({ "x-forwarded-for": "6.6.6.6, unknown" }), {});
  });

  it("may have commas with nothing between", () => {
    assert.deepEqual(normalised({ "x-forwarded-for": "9.9.9.9, ,1.2.3.4," }), { "x-forwarded-for": "9.9.9.9, 1.2.3.4" });
    assert.deepEqual(normalised({ "x-forwarded-for": "," }), {});
  });

  it("come from Forwarded where that is what the proxy speaks", () => {
    assert.deepEqual(normalised({ forwarded: 'For="[2001:db8::1]:51008";proto=https;host="vps.example.com", for=1.2.3.4:51008;Proto=HTTPS;host=vps.example.com;by=_proxy' }), {
      forwarded: 'For="[2001:db8::1]:51008";proto=https;host="vps.example.com", for=1.2.3.4:51008;Proto=HTTPS;host=vps.example.com;by=_proxy',
      "x-forwarded-for": "2001:db8::1, 1.2.3.4", "x-forwarded-proto": "https", "x-forwarded-host": "vps.example.com",
    });
  });

  it("are not led astray by commas and semicolons in quotes, by hops without an address, or by what is no Forwarded at all", () => {
    assert.equal(normalised({ forwarded: 'for=6.6.6.6;by="a,b;for=7.7.7.7", for=1.2.3.4' })["x-forwarded-for"], "6.6.6.6, 1.2.3.4");
    assert.equal(normalised({ forwarded: "for=6.6.6.6, for=_hidden, for=1.2.3.4" })["x-forwarded-for"], "1.2.3.4");
    assert.equal(normalised({ forwarded: "proto=https" })["x-forwarded-for"], undefined);
    assert.equal(normalised({ forwarded: '"""=;;,,for' })["x-forwarded-for"], undefined);
  });

  it("are read in one go however many quotes one sends", () => {
    const startedMs = performance.now();
    assert.equal(normalised({ forwarded: `for="${'\\"'.repeat(100_000)}` })["x-forwarded-for"], undefined);
    // Gone through anew from each quote it would be minutes.
    assert.ok(performance.now() - startedMs < 10_000);
  });

  it("keep X-Forwarded-For where both are there: a client may have written the other", () => {
    assert.equal(normalised({ forwarded: "for=6.6.6.6", "x-forwarded-for": "1.2.3.4" })["x-forwarded-for"], "1.2.3.4");
  });

  it("stay as they are where nothing was forwarded", () => assert.deepEqual(normalised({ host: "x" }), { host: "x" }));
});
