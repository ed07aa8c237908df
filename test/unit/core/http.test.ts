import assert from "node:assert/strict";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { describe, it } from "vitest";

import "reflect-metadata";
import { PemConverter, X509CertificateGenerator } from "@peculiar/x509";

import { HttpEndpoint, HttpFailure, isLoopback, type HttpRequest } from "../../../providers/core/http.ts";
import { closedPort, startApiServer, type Prepared } from "../hostinger-api/api-server.ts";

const get: HttpRequest = { method: "GET", path: "/thing?page=2", headers: {}, timeoutMs: 2_000 };

async function exchange(answer: Prepared, request: Partial<HttpRequest> = {}) {
  await using server = await startApiServer(answer);
  const endpoint = new HttpEndpoint({ baseUrl: server.baseUrl, connections: 1, connectTimeoutMs: 1_000 });
  try {
    return { answer: await endpoint.send({ ...get, ...request }), seen: server.seen };
  } catch (error) {
    assert.ok(error instanceof HttpFailure);
    return { failure: error, seen: server.seen };
  } finally {
    await endpoint.close();
  }
}

describe("HttpEndpoint", () => {
  it("resolves with any complete answer, whatever its status", async () => {
    const { answer } = await exchange({ status: 503, text: "busy", headers: { "X-Thing": "yes" } });
    assert.equal(answer?.status, 503);
    assert.equal(answer?.text, "busy");
    assert.equal(answer?.headers["x-thing"], "yes");
  });

  it("sends JSON with its length, and headers as given", async () => {
    for (const single of [false, true]) {
      const { seen } = await exchange({}, { method: "POST", body: { name: "ü" }, headers: { authorization: "Bearer fake" }, single });
      assert.deepEqual(seen[0]?.body, { name: "ü" });
      assert.equal(seen[0]?.headers["content-length"], "13");
      assert.equal(seen[0]?.headers["content-type"], "application/json");
      assert.equal(seen[0]?.headers["authorization"], "Bearer fake");
    }
  });

  it("sends no body and no content type without one", async () => {
    const { seen } = await exchange({}, { method: "POST" });
    assert.equal(seen[0]?.body, undefined);
    assert.equal(seen[0]?.headers["content-type"], undefined);
  });

  it("keeps the path of the base URL", async () => {
    await using server = await startApiServer({});
    const endpoint = new HttpEndpoint({ baseUrl: `${server.baseUrl}/hostinger/`, connections: 1, connectTimeoutMs: 1_000 });
    await endpoint.send(get);
    await endpoint.close();
    assert.equal(server.seen[0]?.url, "/hostinger/thing?page=2");
  });

  it("ends at the time limit, and knows that the request may have arrived", async () => {
    const { failure } = await exchange("hang", { timeoutMs: 1_000 });
    assert.equal(failure?.kind, "timeout");
    assert.equal(failure?.maybeSent, true);
  });

  it("ends at the time limit while the body trickles", async () => {
    const { failure } = await exchange({ headers: { "content-length": "100" }, text: "part" }, { timeoutMs: 50 });
    assert.equal(failure?.kind, "timeout");
  });

  it("ends by the signal", async () => {
    const cancel = new AbortController();
    const { failure } = await exchange(() => {
      cancel.abort();
      return "hang";
    }, { signal: cancel.signal });
    assert.equal(failure?.kind, "cancelled");
    assert.equal(failure?.maybeSent, true);
  });

  it("does not send what was cancelled before", async () => {
    const { failure, seen } = await exchange({}, { signal: AbortSignal.abort() });
    assert.equal(failure?.kind, "cancelled");
    assert.equal(failure?.maybeSent, false);
    assert.equal(seen.length, 0);
  });

  it("does not send a single request after its time", async () => {
    const { failure, seen } = await exchange({}, { method: "POST", body: {}, single: true, timeoutMs: 0 });
    assert.equal(failure?.kind, "timeout");
    assert.equal(failure?.maybeSent, false);
    assert.equal(seen.length, 0);
  });

  it("does not send a single request whose process was stopped until its time was over", async () => {
    await using server = await startApiServer({});
    const endpoint = new HttpEndpoint({ baseUrl: server.baseUrl, connections: 1, connectTimeoutMs: 1_000 });
    const sending = endpoint.send({ ...get, method: "POST", body: {}, single: true, timeoutMs: 20 });
    const stoppedMs = Date.now();
    while (Date.now() - stoppedMs < 50);
    await assert.rejects(sending, (error) => error instanceof HttpFailure && error.kind === "timeout" && !error.maybeSent);
    await endpoint.close();
    assert.equal(server.seen.length, 0);
  });

  it("ends at the time limit where the library loses a request, and calls a mistake by its name", async () => {
    await using server = await startApiServer({});
    const endpoint = new HttpEndpoint({ baseUrl: server.baseUrl, connections: 1, connectTimeoutMs: 1_000 });
    const ends: string[] = [];
    for (let call = 1; call <= 4; call++) {
      await endpoint.send({ ...get, method: "NO METHOD" as never, timeoutMs: 100 }).catch((error: unknown) => ends.push(error instanceof HttpFailure ? error.kind : (error as Error).name));
    }
    assert.equal(ends.length, 4);
    assert.equal(ends[0], "InvalidArgumentError");
    // The pool may have lost its only place: then the time limit ends this one, and the signal the next.
    await endpoint.send({ ...get, timeoutMs: 100 }).catch((error: unknown) => assert.ok(error instanceof HttpFailure && error.kind === "timeout"));
    await endpoint.send({ ...get, timeoutMs: 30_000, signal: AbortSignal.timeout(100) }).catch((error: unknown) => assert.ok(error instanceof HttpFailure && error.kind === "cancelled"));
    void endpoint.close();
  });

  it("refuses a header that no header can be before it reaches the pool", async () => {
    await using server = await startApiServer({ json: [] });
    const endpoint = new HttpEndpoint({ baseUrl: server.baseUrl, connections: 1, connectTimeoutMs: 1_000 });
    for (let call = 1; call <= 3; call++) {
      await assert.rejects(endpoint.send({ ...get, headers: { authorization: "Bearer fake\n" } }), (error) => error instanceof TypeError && !error.message.includes("fake"));
    }
    assert.equal((await endpoint.send(get)).status, 200);
    await endpoint.close();
  });

  it("throws a mistake of the program as it is", async () => {
    await using server = await startApiServer({});
    const endpoint = new HttpEndpoint({ baseUrl: server.baseUrl, connections: 1, connectTimeoutMs: 1_000 });
    const body: Record<string, unknown> = {};
    body["itself"] = body;
    await assert.rejects(endpoint.send({ ...get, method: "POST", body }), TypeError);
    await endpoint.close();
  });

  it("calls a broken connection unreachable and the effect unknown", async () => {
    for (const single of [false, true]) {
      const { failure } = await exchange("drop", { method: "POST", body: {}, single });
      assert.equal(failure?.kind, "unreachable");
      assert.equal(failure?.maybeSent, true);
    }
  });

  it("knows that nothing was sent where nobody listens", async () => {
    const endpoint = new HttpEndpoint({ baseUrl: await closedPort(), connections: 1, connectTimeoutMs: 1_000 });
    await assert.rejects(endpoint.send(get), (error) => error instanceof HttpFailure && error.kind === "unreachable" && !error.maybeSent);
    await endpoint.close();
  });

  it("knows that nothing was sent when the name does not resolve", async () => {
    const endpoint = new HttpEndpoint({ baseUrl: "http://no-such-host.invalid", connections: 1, connectTimeoutMs: 1_000 });
    await assert.rejects(endpoint.send(get), (error) => error instanceof HttpFailure && !error.maybeSent);
    await endpoint.close();
  });

  it("knows that nothing was sent to a server whose certificate is not trusted", async () => {
    const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
    const certificate = await X509CertificateGenerator.createSelfSigned({ name: "CN=localhost", keys });
    const key = PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
    const server = createServer({ key, cert: certificate.toString("pem") }, () => assert.fail("a request arrived"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = new HttpEndpoint({ baseUrl: `https://localhost:${(server.address() as AddressInfo).port}`, connections: 1, connectTimeoutMs: 1_000 });
    await assert.rejects(endpoint.send(get), (error) => error instanceof HttpFailure && error.kind === "certificate" && !error.maybeSent);
    await endpoint.close();
    await new Promise((resolve) => server.close(resolve));
  });

  it("refuses a base URL that is none, or holds credentials", () => {
    for (const baseUrl of ["", "developers.hostinger.com", "ftp://example.com", "https://user:pass@example.com", "https://example.com?x=1"]) {
      assert.throws(() => new HttpEndpoint({ baseUrl, connections: 1, connectTimeoutMs: 1 }), /CONFIG_INVALID/);
    }
  });
});

describe("isLoopback", () => {
  it("is true for loopback names and addresses only", () => {
    for (const hostname of ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"]) assert.equal(isLoopback(hostname), true, hostname);
    for (const hostname of ["example.com", "127.0.0.1.example.com", "10.0.0.1"]) assert.equal(isLoopback(hostname), false, hostname);
  });
});
