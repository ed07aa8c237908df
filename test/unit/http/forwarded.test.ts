import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { addressIn, normaliseForwarded } from "../../../src/http/forwarded.ts";

function normalised(written: "x-forwarded-for" | "forwarded", headers: Record<string, string>): Record<string, unknown> {
  const request = { headers: { ...headers } as never };
  normaliseForwarded(request, written);
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

describe("X-Forwarded-For, where the proxies write it", () => {
  const addresses = (text: string) => normalised("x-forwarded-for", { "x-forwarded-for": text })["x-forwarded-for"];

  it("holds bare addresses, in their order", () => {
    assert.equal(addresses("9.9.9.9:1, [2001:db8::1]:51008,1.2.3.4:51008"), "9.9.9.9, 2001:db8::1, 1.2.3.4");
  });

  it("loses what stands before an entry that is no address, for nobody vouches for it, and keeps that somebody unknown was there", () => {
    assert.equal(addresses("6.6.6.6, _hidden, 1.2.3.4"), "unknown, 1.2.3.4");
    assert.equal(addresses("6.6.6.6, unknown"), "unknown");
    assert.equal(addresses("no address"), "unknown");
  });

  it("may have commas with nothing between", () => {
    assert.equal(addresses("9.9.9.9, ,1.2.3.4,"), "9.9.9.9, 1.2.3.4");
    assert.equal(addresses(","), undefined);
  });

  it("is all that counts: Forwarded is a client's", () => {
    const proxys = { "x-forwarded-for": "1.2.3.4", "x-forwarded-proto": "https" };
    assert.deepEqual(normalised("x-forwarded-for", { ...proxys, forwarded: "for=6.6.6.6;proto=http" }), proxys);
    assert.deepEqual(normalised("x-forwarded-for", { forwarded: "for=6.6.6.6;host=evil.example.com" }), {});
  });
});

describe("Forwarded, where the proxies write it", () => {
  const addresses = (forwarded: string) => normalised("forwarded", { forwarded })["x-forwarded-for"];

  it("tells addresses, scheme and host", () => {
    const forwarded = 'For="[2001:db8::1]:51008";proto=http;host="a.example.com", for=1.2.3.4:51008;Proto=HTTPS;host=vps.example.com;by=_proxy';
    assert.deepEqual(normalised("forwarded", { forwarded }), {
      forwarded, "x-forwarded-for": "2001:db8::1, 1.2.3.4", "x-forwarded-proto": "https", "x-forwarded-host": "vps.example.com",
    });
  });

  it("is all that counts: X-Forwarded-For, -Proto and -Host are a client's", () => {
    const clients = { "x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "https", "x-forwarded-host": "evil.example.com" };
    const forwarded = "for=1.2.3.4;proto=http;host=vps.example.com";
    assert.deepEqual(normalised("forwarded", { ...clients, forwarded }), {
      forwarded, "x-forwarded-for": "1.2.3.4", "x-forwarded-proto": "http", "x-forwarded-host": "vps.example.com",
    });
    assert.deepEqual(normalised("forwarded", clients), {});
  });

  it("is not led astray by commas and semicolons in quotes, by hops without an address, or by what is no Forwarded at all", () => {
    assert.equal(addresses('for=6.6.6.6;by="a,b;for=7.7.7.7", for=1.2.3.4'), "6.6.6.6, 1.2.3.4");
    assert.equal(addresses(String.raw`for=6.6.6.6;by="\"a\\", for="1.2.3.4";by="\\\"b,\""`), "6.6.6.6, 1.2.3.4");
    assert.equal(addresses("for=6.6.6.6, for=_hidden, for=1.2.3.4"), "unknown, 1.2.3.4");
    assert.equal(addresses("for=6.6.6.6, proto=https"), "unknown");
    assert.equal(addresses('"""=;;,,for'), "unknown");
  });

  it("is a proxy's at its end, whatever quote a client has left open before", () => {
    for (const proxys of ["for=1.2.3.4", 'for="1.2.3.4:51008";host="a,b"']) {
      for (const clients of ['for=6.6.6.6;by="', 'for=6.6.6.6;by="\\', '"', 'for="6.6.6.6']) {
        assert.match(String(addresses(`${clients}, ${proxys}`)), /^(unknown, )?1\.2\.3\.4$/, clients);
      }
    }
  });

  it("is read in one go however many quotes one sends", () => {
    const startedMs = performance.now();
    for (const text of ['\\"', '"\\']) assert.equal(addresses(`for="${text.repeat(100_000)}`), "unknown");
    // Gone through anew from each quote it would be minutes.
    assert.ok(performance.now() - startedMs < 60_000);
  });
});

describe("the headers of a request that came by no proxy", () => {
  it("stay as they are", () => {
    for (const written of ["x-forwarded-for", "forwarded"] as const) assert.deepEqual(normalised(written, { host: "x" }), { host: "x" });
  });
});
