import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { rateLimitIn } from "../../../providers/first-boot/caddy-log.ts";

const REFUSED = JSON.stringify({ level: "error", logger: "tls.obtain", msg: "could not get certificate from issuer", identifier: "alice.spoq.dev", issuer: "acme-v02.api.letsencrypt.org-directory", error: "HTTP 429 urn:ietf:params:acme:error:rateLimited - too many certificates (50) already issued for \"spoq.dev\" in the last 168h0m0s, retry after 2026-11-27 03:22:00 UTC" });
const WAITING = JSON.stringify({ level: "info", logger: "http.acme_client", msg: "trying to solve challenge", identifier: "alice.spoq.dev" });
const OBTAINED = JSON.stringify({ level: "info", logger: "tls.obtain", msg: "certificate obtained successfully", identifier: "alice.spoq.dev" });

describe("a certificate that is refused for a rate limit", () => {
  it("is told from one that is not there yet, in the words of the authority", () => {
    assert.match(rateLimitIn([WAITING, REFUSED, WAITING].join("\n")) ?? "", /^HTTP 429 .*too many certificates \(50\).*retry after 2026-11-27/);
    assert.equal(rateLimitIn(WAITING), undefined);
    assert.equal(rateLimitIn(""), undefined);
  });

  it("is no more once a certificate came, as from a second authority", () => {
    assert.equal(rateLimitIn([REFUSED, OBTAINED].join("\n")), undefined);
    assert.notEqual(rateLimitIn([OBTAINED, REFUSED].join("\n")), undefined);
  });

  it("is known in lines that are no JSON, cut off where they are long, and cannot do anything to a terminal", () => {
    const told = rateLimitIn(`x urn:ietf:params:acme:error:rateLimited \u001b[31m${"y".repeat(1_000)}`);
    assert.ok(told !== undefined && told.length <= 400 && !told.includes("\u001b"));
  });
});
