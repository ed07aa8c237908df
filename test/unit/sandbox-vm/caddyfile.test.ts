import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { readCaddyfile } from "../../../src/sandbox/vm/caddyfile.ts";

describe("readCaddyfile", () => {
  const site = (text: string) => readCaddyfile(text).siteAddress;

  it("finds the first site and its upstream", () => {
    assert.deepEqual(readCaddyfile("# ours\n{\n  admin off\n}\nA.spoq.dev, b.spoq.dev {\n  reverse_proxy localhost:8080\n}\n"), {
      siteAddress: "a.spoq.dev",
      upstreamPort: 8080,
    });
  });

  it("reads an address with scheme, port or quotes", () => {
    for (const address of ["https://a.spoq.dev", "a.spoq.dev:443", '"a.spoq.dev"']) assert.equal(site(`${address} {\n}`), "a.spoq.dev");
  });

  it("finds no site that would be served over HTTPS", () => {
    for (const text of ["", "{\n reverse_proxy localhost:8080\n}", "http://a.spoq.dev {\n}", ":80 {\n}", "__HOSTNAME__ {\n}"]) {
      assert.equal(site(text), null);
    }
  });
});
