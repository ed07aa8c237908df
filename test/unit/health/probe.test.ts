import assert from "node:assert/strict";
import type { Resolver } from "node:dns/promises";
import type { RequestListener } from "node:http";
import { createServer } from "node:net";
import { createSecureContext, type TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { probe } from "../../../providers/health/probe.ts";
import type { HealthTarget } from "../../../providers/health/target.ts";
import { connectTcp } from "../../../providers/health/tcp-stage.ts";
import { leftWith } from "../../support/left-with.ts";
import { ADDRESS, createAuthority, HOSTNAME, listen, startDnsServer, startTlsServer, type Authority, type DnsServer } from "./loopback-vps.ts";

const HOUR_MS = 3_600_000;

describe("probe", () => {
  let authority: Authority;
  let certificate: { key: string; cert: string };
  let dns: DnsServer;
  const toClose: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    authority = await createAuthority();
    certificate = await authority.issue(HOSTNAME);
    dns = await startDnsServer();
  });
  afterAll(() => dns.close());
  afterEach(async () => {
    dns.records.set(HOSTNAME, [ADDRESS]);
    dns.silent = false;
    dns.refused = undefined;
    await Promise.all(toClose.splice(0).map((server) => server.close()));
  });

  const targetAt = (port: number, changes: Partial<HealthTarget> = {}): HealthTarget => ({
    hostname: HOSTNAME, address: ADDRESS, port, path: "/health", expectedStatus: 200, resolver: dns.resolver,
    trust: createSecureContext({ ca: authority.caPem }), ...changes,
  });
  const serve = async (answer: RequestListener, own = certificate, sni = HOSTNAME) => {
    const server = await startTlsServer(own, sni, answer);
    toClose.push(server);
    return server.port;
  };
  const serveRaw = async (onBytes: (send: (data: Buffer | string) => void) => void) => {
    const server = await listen(createServer((socket) => socket.on("data", () => onBytes((data) => socket.write(data)))));
    toClose.push(server);
    return server.port;
  };
  const ok: RequestListener = (_request, answer) => answer.end('{"status":"ok"}');

  it("is healthy when all stages pass, and asks with the host name in SNI and in Host", async () => {
    let seen: unknown[] = [];
    const port = await serve((request, answer) => {
      seen = [request.method, request.url, request.headers.host, (request.socket as TLSSocket & { servername: string }).servername];
      answer.end("ok");
    });
    const result = await probe(targetAt(port));
    assert.equal(result.healthy, true);
    assert.equal(result.stage, "ok");
    assert.equal(result.status, 200);
    assert.deepEqual(result.resolvedAddresses, [ADDRESS]);
    assert.ok(result.certificateExpiresAt && result.certificateExpiresAt.getTime() > Date.now());
    assert.ok(result.durationMs > 0);
    assert.deepEqual(seen, ["GET", "/health", `${HOSTNAME}:${port}`, HOSTNAME]);
  });

  it("asks for the given path and accepts the given status", async () => {
    const port = await serve((request, answer) => answer.writeHead(request.url === "/ready?full" ? 204 : 200).end());
    assert.equal((await probe(targetAt(port, { path: "/ready?full", expectedStatus: 204 }))).healthy, true);
  });

  describe("DNS", () => {
    const failsAtDns = async (detail: RegExp, timeoutMs = 2_000) => {
      const result = await probe(targetAt(1), { timeoutMs });
      assert.equal(result.healthy, false);
      assert.equal(result.stage, "dns");
      assert.match(result.detail, detail);
    };

    it("fails when the name does not exist, and names the asked server", async () => {
      dns.records.delete(HOSTNAME);
      await failsAtDns(/^expected 127\.0\.0\.1, got: the name does not exist \(asked 127\.0\.0\.1:\d+\)$/);
    });
    it("fails when the name has no A record", async () => {
      dns.records.set(HOSTNAME, []);
      await failsAtDns(/got: the name has no A record/);
    });
    it("fails when the name has another address, and says which", async () => {
      dns.records.set(HOSTNAME, ["192.0.2.7", "192.0.2.6"]);
      await failsAtDns(/^expected 127\.0\.0\.1, got 192\.0\.2\.6, 192\.0\.2\.7/);
    });
    it("fails within the limit when the server does not answer", async () => {
      dns.silent = true;
      await failsAtDns(/^no answer within 1 s$/, 1_000);
    });
    it("fails when the expected address is one of several: half of the visitors would go elsewhere", async () => {
      dns.records.set(HOSTNAME, ["192.0.2.7", ADDRESS]);
      await failsAtDns(/^expected only 127\.0\.0\.1, got 127\.0\.0\.1, 192\.0\.2\.7/);
    });
    it("fails when the name has an AAAA record that nobody declares, and says which", async () => {
      dns.records.set(HOSTNAME, [ADDRESS, "2001:db8::7"]);
      await failsAtDns(/^expected no AAAA record, got 2001:db8::7 \(asked/);
    });
    it("fails when the server does not tell whether there is an AAAA record", async () => {
      dns.refused = "AAAA";
      await failsAtDns(/^expected no AAAA record, got: no answer, EREFUSED \(asked/);
    });
    it("asks again at every probe, also after a negative answer", async () => {
      const target = targetAt(await serve(ok));
      dns.records.delete(HOSTNAME);
      assert.equal((await probe(target)).stage, "dns");
      dns.records.set(HOSTNAME, [ADDRESS]);
      assert.equal((await probe(target)).stage, "ok");
    });
  });

  describe("TCP", () => {
    it("fails when nothing listens at the address", async () => {
      const { port, close } = await listen(createServer());
      await close();
      const result = await probe(targetAt(port));
      assert.equal(result.stage, "tcp");
      assert.equal(result.detail, `127.0.0.1:${port} does not accept a connection (ECONNREFUSED)`);
      assert.deepEqual(result.resolvedAddresses, [ADDRESS]);
    });
    it("gives up connecting when it is aborted", async () => {
      await assert.rejects(connectTcp(targetAt(await serve(ok)), AbortSignal.abort()), /does not accept a connection \(ABORT_ERR\)/);
    });
  });

  describe("TLS", () => {
    const failsAtTls = async (target: HealthTarget, detail: RegExp, timeoutMs = 2_000) => {
      const result = await probe(target, { timeoutMs });
      assert.equal(result.healthy, false);
      assert.equal(result.stage, "tls");
      assert.match(result.detail, detail);
    };

    it("fails as 'certificate not yet issued' on the alert that Caddy sends then", async () => {
      const internalErrorAlert = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x50]);
      await failsAtTls(targetAt(await serveRaw((send) => send(internalErrorAlert))), /^certificate not yet issued \(ERR_SSL_\w*INTERNAL_ERROR\)$/);
    });
    it("fails when the server closes the connection because it has no certificate for the name", async () => {
      await failsAtTls(targetAt(await serve(ok, certificate, "bob.spoq.dev")), /the server closed the connection|alert/i);
    });
    it("fails when the authority is not a trusted one", async () => {
      await failsAtTls(targetAt(await serve(ok), { trust: undefined }), /by an authority that is not trusted here/);
    });
    it("fails when the certificate is for another name", async () => {
      const port = await serve(ok, await authority.issue("bob.spoq.dev"));
      await failsAtTls(targetAt(port), /the certificate is for another name/);
    });
    it("fails when the certificate has expired", async () => {
      const expired = { notBefore: new Date(Date.now() - 2 * HOUR_MS), notAfter: new Date(Date.now() - HOUR_MS) };
      const port = await serve(ok, await authority.issue(HOSTNAME, expired));
      await failsAtTls(targetAt(port), /the certificate has expired/);
    });
    it("fails when the port does not speak TLS", async () => {
      await failsAtTls(targetAt(await serveRaw((send) => send("SSH-2.0-nothing\r\n\r\n"))), /the port does not speak TLS/);
    });
    it("fails within the limit when the handshake is not answered", async () => {
      await failsAtTls(targetAt(await serveRaw(() => {})), /^no answer within 1 s$/, 1_000);
    });
  });

  describe("HTTP", () => {
    const failsAtHttp = async (answer: RequestListener, detail: RegExp, timeoutMs = 2_000) => {
      const result = await probe(targetAt(await serve(answer)), { timeoutMs });
      assert.equal(result.healthy, false);
      assert.equal(result.stage, "http");
      assert.match(result.detail, detail);
    };

    it("fails on another status", () => failsAtHttp((_request, answer) => answer.writeHead(502).end(), /^expected status 200 from GET \/health, got: status 502$/));
    it("does not follow a redirect", () => failsAtHttp((_request, answer) => answer.writeHead(302, { location: "/" }).end(), /got: status 302$/));
    it("fails when the connection is closed without an answer", () => failsAtHttp((request) => request.socket.destroy(), /got: no answer \(ECONNRESET\)$/));
    it("fails when the answer breaks off", () => failsAtHttp((request, answer) => {
      answer.writeHead(200, { "content-length": 10 }).write("o");
      setImmediate(() => request.socket.destroy());
    }, /got: (an answer that breaks off|no answer) \(ECONNRESET\)$/));
    it("fails on an answer of more than 64 KB and stops reading it", () => failsAtHttp((_request, answer) => {
      const more = () => { while (!answer.destroyed && answer.write("x".repeat(16_384))); };
      answer.on("drain", more);
      more();
    }, /got: an answer of more than 64 KB$/));
    it("fails within the limit when no answer comes", () => failsAtHttp(() => {}, /^no answer within 1 s$/, 1_000));
    it("fails on a change of protocols that nobody asked for, at once", () => failsAtHttp((request) => {
      request.socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    }, /got: status 101$/));
    it("never says what the answer's body was", () => failsAtHttp((_request, answer) => answer.writeHead(500).end("fake-body-of-the-answer"), /^(?!.*fake-body).*$/));
  });

  it("leaves nothing with the signal of who probes again and again", async () => {
    const { signal } = new AbortController();
    assert.equal((await probe(targetAt(await serve(ok)), { signal })).healthy, true);
    assert.equal((await probe(targetAt(1), { signal })).healthy, false);
    assert.equal(leftWith(signal), 0);
  });

  describe("its end", () => {
    const never = () => new Promise<never>(() => undefined);
    const deaf = { resolve4: never, resolve6: never } as unknown as Resolver;

    it("comes by the limit although a library does not heed it", async () => {
      const result = await probe(targetAt(1), { resolver: deaf, timeoutMs: 100 });
      assert.deepEqual([result.healthy, result.stage, result.detail, result.timedOut], [false, "dns", "no answer within 0.1 s", true]);
    });
    it("comes by the signal although a library does not heed it", async () => {
      await assert.rejects(probe(targetAt(1), { resolver: deaf, signal: AbortSignal.timeout(100) }), { name: "TimeoutError" });
    });
  });

  describe("abort", () => {
    const reason = new Error("aborted by the test");

    it("rejects at once with the reason of a signal that is aborted already", async () => {
      const before = dns.queries;
      await assert.rejects(probe(targetAt(1), { signal: AbortSignal.abort(reason) }), reason);
      assert.equal(dns.queries, before);
    });
    for (const [stage, arrange] of [
      ["DNS", async () => { dns.silent = true; return 1; }],
      ["TLS", () => serveRaw(() => {})],
      ["HTTP", () => serve(() => {})],
    ] as const) {
      it(`ends during ${stage} with the signal's reason`, async () => {
        const controller = new AbortController();
        const target = targetAt(await arrange());
        setTimeout(() => controller.abort(reason), 60);
        await assert.rejects(probe(target, { signal: controller.signal, timeoutMs: 5_000 }), reason);
      });
    }
  });
});
