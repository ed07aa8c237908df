import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "vitest";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { serviceUrl } from "../../../src/cli/service-client/reach-service.ts";

/** A home without a session. */
const HOME = mkdtempSync(join(tmpdir(), "user-vps-home-"));

describe("where the command line looks for the service", () => {
  it("is USER_VPS_URL, else where a service with the same settings serves", () => {
    assert.equal(serviceUrl({ HOME, USER_VPS_URL: "https://vps.example.com/base" }), "https://vps.example.com/base");
    assert.equal(serviceUrl({ HOME, PORT: "4000" }), "http://127.0.0.1:4000");
    assert.equal(serviceUrl({ HOME, HOST: "::1", USER_VPS_URL: "" }), "http://[::1]:8080");
  });

  it("names USER_VPS_URL where it is no address", () => {
    for (const wrong of ["nonsense", "vps.example.com", "ftp://vps.example.com"]) {
      assert.throws(() => serviceUrl({ HOME, USER_VPS_URL: wrong }), (error) => error instanceof UserVpsError && error.code === "CONFIG_INVALID" && error.message.includes("USER_VPS_URL: expected"), wrong);
    }
  });
});
