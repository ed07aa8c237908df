import assert from "node:assert/strict";
import { createSecureContext } from "node:tls";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { UserVpsError } from "../../../providers/core/errors.ts";
import type { HealthTarget, ProbeResult } from "../../../providers/health/target.ts";
import { waitUntilHealthy } from "../../../providers/health/wait.ts";
import { ADDRESS, createAuthority, HOSTNAME, startDnsServer, startTlsServer, type DnsServer, type LoopbackServer } from "./loopback-vps.ts";

describe("waitUntilHealthy", () => {
  let dns: DnsServer;
  let server: LoopbackServer;
  let target: HealthTarget;
  let status = 200;

  beforeAll(async () => {
    const authority = await createAuthority();
    dns = await startDnsServer();
    server = await startTlsServer(await authority.issue(HOSTNAME), HOSTNAME, (_request, answer) => answer.writeHead(status).end());
    target = {
      hostname: HOSTNAME, address: ADDRESS, port: server.port, path: "/health", expectedStatus: 200,
      resolver: dns.resolver, trust: createSecureContext({ ca: authority.caPem }),
    };
  });
  afterAll(() => Promise.all([dns.close(), server.close()]));
  beforeEach(() => {
    dns.records.set(HOSTNAME, [ADDRESS]);
    status = 200;
  });

  it("answers at once, without a report, when the target is healthy", async () => {
    const seen: ProbeResult[] = [];
    const result = await waitUntilHealthy(target, { timeoutMs: 5_000, onStage: (result) => seen.push(result) });
    assert.equal(result.stage, "ok");
    assert.deepEqual(seen, []);
  });

  it("goes on until the target is healthy and reports each stage on the way", async () => {
    dns.records.delete(HOSTNAME);
    status = 503;
    const stages: string[] = [];
    const result = await waitUntilHealthy(target, {
      timeoutMs: 10_000,
      onStage: ({ stage }) => {
        stages.push(stage);
        if (stage === "dns") dns.records.set(HOSTNAME, [ADDRESS]);
        if (stage === "http") status = 200;
      },
    });
    assert.equal(result.healthy, true);
    assert.deepEqual(stages, ["dns", "http"]);
  });

  it("fails at the limit with the stage, its last error, and for how long it has been there", async () => {
    status = 502;
    const startedMs = performance.now();
    await assert.rejects(waitUntilHealthy(target, { timeoutMs: 150 }), (error: unknown) => {
      assert.ok(error instanceof UserVpsError);
      assert.equal(error.code, "HEALTH_CHECK_FAILED");
      assert.match(error.message, /https:\/\/alice\.spoq\.dev\/health was not healthy within 0\.2 s: at HTTP for 0\.\d s, last: expected status 200 from GET \/health, got: status 502\. Next: /);
      return true;
    });
    assert.ok(performance.now() - startedMs >= 150);
  });

  it("makes a last attempt at the limit, so that a short limit still sees the target come up", async () => {
    status = 503;
    const result = await waitUntilHealthy(target, { timeoutMs: 1_000, onStage: ({ stage }) => { if (stage === "http") status = 200; } });
    assert.equal(result.healthy, true);
  });

  it("ends between two attempts with the signal's reason", async () => {
    status = 503;
    const controller = new AbortController();
    const reason = new Error("aborted by the test");
    const waiting = waitUntilHealthy(target, { timeoutMs: 60_000, signal: controller.signal, onStage: () => setImmediate(() => controller.abort(reason)) });
    await assert.rejects(waiting, reason);
  });

  it("says NOT_YET after one probe without patience, and what it says at the limit when that is over", async () => {
    status = 503;
    const stages: string[] = [];
    const look = (patience: "none" | "over") => waitUntilHealthy(target, { timeoutMs: 900_000, patience, onStage: ({ stage }) => stages.push(stage) });
    await assert.rejects(look("none"), /^UserVpsError: NOT_YET: health: alice\.spoq\.dev: HTTP: expected status 200 from GET \/health, got: status 503\./);
    await assert.rejects(look("over"), /^UserVpsError: HEALTH_CHECK_FAILED: .* was not healthy within 900 s: at HTTP for 900 s/);
    assert.deepEqual(stages, ["http", "http"]);
    status = 200;
    assert.equal((await look("none")).healthy, true);
  });
});
