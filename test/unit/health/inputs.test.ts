import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { targetOf } from "../../../providers/health/inputs.ts";
import { createAuthority, temporaryFile } from "./loopback-vps.ts";

const REQUIRED = { hostname: "alice.spoq.dev", address: "192.0.2.1" };

describe("targetOf", () => {
  it("defaults to GET https://hostname/health on port 443 with the system's DNS and Node's authorities", async () => {
    assert.deepEqual(await targetOf(REQUIRED, {}), { ...REQUIRED, port: 443, path: "/health", expectedStatus: 200, resolver: undefined, trust: undefined });
  });
  it("takes port, DNS server and authorities from the environment when the inputs leave them open", async () => {
    const file = await temporaryFile((await createAuthority()).caPem);
    try {
      const target = await targetOf(REQUIRED, { USER_VPS_HEALTH_PORT: "8443", USER_VPS_DNS_RESOLVER: "127.0.0.1:5353", USER_VPS_CA_FILE: file.path });
      assert.deepEqual([target.port, target.resolver], [8443, "127.0.0.1:5353"]);
      assert.ok(target.trust);
    } finally {
      await file.remove();
    }
  });
  it("prefers the inputs to the environment", async () => {
    const target = await targetOf({ ...REQUIRED, port: 8444, resolver: "127.0.0.1:5354" }, { USER_VPS_HEALTH_PORT: "8443", USER_VPS_DNS_RESOLVER: "127.0.0.1:5353" });
    assert.deepEqual([target.port, target.resolver], [8444, "127.0.0.1:5354"]);
  });
  it("treats empty variables as absent", async () => {
    const target = await targetOf(REQUIRED, { USER_VPS_HEALTH_PORT: "", USER_VPS_DNS_RESOLVER: "", USER_VPS_CA_FILE: "" });
    assert.deepEqual([target.port, target.resolver, target.trust], [443, undefined, undefined]);
  });
  for (const port of ["https", "0", "70000"]) {
    it(`refuses USER_VPS_HEALTH_PORT ${port}`, () => assert.rejects(targetOf(REQUIRED, { USER_VPS_HEALTH_PORT: port }), /CONFIG_INVALID: USER_VPS_HEALTH_PORT: expected a port number, got /));
  }
  it("refuses a DNS server that is no address", () => assert.rejects(targetOf(REQUIRED, { USER_VPS_DNS_RESOLVER: "1.1.1.1:0" }), /CONFIG_INVALID: USER_VPS_DNS_RESOLVER: expected the address of a DNS server/));
  it("refuses a file that is not PEM", async () => {
    const file = await temporaryFile("not a certificate");
    try {
      await assert.rejects(targetOf({ ...REQUIRED, caFile: file.path }, {}), /CONFIG_INVALID: The CA file /);
    } finally {
      await file.remove();
    }
  });
});
