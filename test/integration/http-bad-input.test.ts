import assert from "node:assert/strict";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { describe, it, vi } from "vitest";
import { assertRefusal } from "../support/assert-refusal.ts";
import { withApp } from "../support/http-app.ts";
import { asOperator, asUser } from "../support/tokens.ts";

const { app, jobs, pool } = await withApp({ env: { BODY_LIMIT_BYTES: "2048" } });
const provision = async (payload: object | string, username = "alice", headers: Record<string, string> = {}) =>
  app.inject({ method: "POST", url: "/api/vps/provision", headers: { ...(await asUser(username, { sub: "user_1" })), "content-type": "application/json", ...headers }, payload: typeof payload === "string" ? payload : JSON.stringify(payload) });

describe("bad input to POST /api/vps/provision", () => {
  it("an unknown plan: 400, and the message lists the valid ones", async () => {
    const { message, details } = assertRefusal(await provision({ plan: "kvm3" }), 400, "REQUEST_INVALID");
    for (const plan of ["kvm1", "hostingercom-vps-kvm2-usd-1m", "kvm4", "hostingercom-vps-kvm8-usd-1m"]) assert.match(message, new RegExp(plan));
    assert.equal(details?.[0]?.path, "body.plan");
  });

  it("a client's address that is none: 400", async () => {
    for (const clientAddress of ["", "somewhere", "49.36.0", "49.36.0.1:51008", "[2a02:2e0:3fe::1]", "49.36.0.1, 90.84.1.1", null, 4711]) {
      const { message, details } = assertRefusal(await provision({ clientAddress }), 400, "REQUEST_INVALID");
      assert.match(message, /expected an IPv4 or IPv6 address/);
      assert.equal(details?.[0]?.path, "body.clientAddress");
    }
  });

  it("an unknown data center: 400, and the message lists the valid ones", async () => {
    assert.match(assertRefusal(await provision({ dataCenterId: 10 }), 400, "REQUEST_INVALID").message, /11 \(Vilnius\).*21 \(Kuala Lumpur\)/);
  });

  it("an unknown field: 400, and the message names it", async () => {
    assert.match(assertRefusal(await provision({ plan: "kvm1", userId: "somebody" }), 400, "REQUEST_INVALID").message, /userId/);
  });

  it("a field of the wrong type: 400", async () => {
    assertRefusal(await provision({ dataCenterId: "9" }), 400, "REQUEST_INVALID");
  });

  for (const body of ["null", "[]", "7", '"kvm1"', "true"]) {
    it(`the body ${body}: 400`, async () => {
      assertRefusal(await provision(body), 400, "REQUEST_INVALID");
    });
  }

  it("a body that is not JSON: 400", async () => {
    assertRefusal(await provision('{"plan": '), 400, "REQUEST_INVALID");
  });

  it("a body with __proto__: 400", async () => {
    assertRefusal(await provision('{"__proto__": {"plan": "kvm8"}}'), 400, "REQUEST_INVALID");
  });

  it("an oversize body: 413", async () => {
    assertRefusal(await provision({ sshPublicKey: "x".repeat(3_000) }), 413, "BODY_TOO_LARGE");
  });

  it("another content type: 415", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/xml"]) assertRefusal(await provision("plan=kvm1", "alice", { "content-type": type }), 415, "CONTENT_TYPE_UNSUPPORTED");
  });

  it("an SSH key that is none: 400", async () => {
    assertRefusal(await provision({ sshPublicKey: "-----BEGIN OPENSSH PRIVATE KEY-----" }), 400, "REQUEST_INVALID");
    assertRefusal(await provision({ sshPublicKey: "ssh-ed25519 AAAA\ncommand=\"x\"" }), 400, "REQUEST_INVALID");
    assertRefusal(await provision({ sshPublicKey: "ssh-ed25519 AAAA half of one: \ud83d" }), 400, "REQUEST_INVALID");
  });

  it("an SSH key of another kind than it says: 422", async () => {
    assertRefusal(await provision({ sshPublicKey: "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIHSXsV1/JOzlZoLdM4r7vH0bKsc4kGKbVqEiZyJ0Q3mC" }), 422, "INPUT_INVALID");
  });

  for (const username of ["admin", "www", "Alice", "a_b", "-a", "a-", "ab--c", "1234", "x".repeat(64), "", "älice", "a.b", "al ice", "alice\n"]) {
    it(`the user name ${JSON.stringify(username.slice(0, 12))} (${username.length} characters): 422`, async () => {
      assertRefusal(await provision({}, username), 422, "USERNAME_INVALID");
    });
  }

  it("a token without a user name, or with one that is no text: 422", async () => {
    for (const claim of [undefined, 42, null, ["alice"]]) {
      const headers = await asUser("x", { username: claim });
      assertRefusal(await app.inject({ method: "POST", url: "/api/vps/provision", headers, payload: {} }), 422, "USERNAME_INVALID");
    }
  });

  it("none of it made a record or a job", async () => {
    assert.equal((await pool.query("SELECT FROM user_vps")).rowCount, 0);
    assert.deepEqual(jobs.enqueued, []);
  });
});

describe("bad requests elsewhere", () => {
  it("an unknown route: 404 in the one shape", async () => {
    assertRefusal(await app.inject("/nothing/here?token=fake-token-for-tests"), 404, "ROUTE_NOT_FOUND");
    assert.doesNotMatch((await app.inject("/nothing/here?token=fake-token-for-tests")).body, /fake-token/);
  });

  it("another method: 405 with Allow", async () => {
    for (const method of ["GET", "PUT", "DELETE", "PATCH"] as const) {
      const answer = await app.inject({ method, url: "/api/vps/provision" });
      assertRefusal(answer, 405, "METHOD_NOT_ALLOWED");
      assert.equal(answer.headers.allow, "POST");
    }
  });

  it("a broken escape in the address: 400", async () => {
    assertRefusal(await app.inject({ url: "/api/admin/vps/%zz", headers: await asOperator() }), 400, "REQUEST_INVALID");
  });

  it("unknown, malformed or out-of-range query fields: 400", async () => {
    for (const query of ["limit=0", "limit=201", "limit=x", "status=gone", "what=1", "cursor=A", "search=", "search=%00"]) {
      assertRefusal(await app.inject({ url: `/api/admin/vps?${query}`, headers: await asOperator() }), 400, "REQUEST_INVALID");
    }
  });

  it("fields where none are wanted: 400", async () => {
    assertRefusal(await app.inject({ method: "POST", url: "/api/vps/credentials", headers: await asUser("alice"), payload: { force: true } }), 400, "REQUEST_INVALID");
  });

  it("what is not HTTP, and headers without end: an answer in the one shape", async () => {
    await app.listen({ host: "127.0.0.1", port: 0 });
    const { port } = app.server.address() as { port: number };
    const send = async (request: string) => {
      const socket = connect(port, "127.0.0.1");
      socket.end(request);
      const [head = "", body = ""] = (await text(socket)).split("\r\n\r\n");
      const answer = { statusCode: Number(head.split(" ")[1]), body, headers: { "content-type": /content-type: (.*)/i.exec(head)?.[1] } };
      return { ...answer, requestId: /x-request-id: (.*)/i.exec(head)?.[1] };
    };
    for (const [request, status, code] of [
      ["nonsense\r\n\r\n", 400, "REQUEST_INVALID"],
      [`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(20_000)}\r\n\r\n`, 431, "HEADERS_TOO_LARGE"],
      ["GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n", 400, "REQUEST_INVALID"],
      ["GET /api/vps/status HTTP/1.1\r\nHost: x\r\nExpect: something\r\nConnection: close\r\n\r\n", 401, "UNAUTHENTICATED"],
    ] as const) {
      const answer = await send(request);
      assertRefusal(answer, status, code);
      assert.equal(answer.requestId, JSON.parse(answer.body).error.requestId, "the header has it too");
    }
    assert.equal((await send("GET /healthz HTTP/1.0\r\n\r\n")).statusCode, 200, "HTTP/1.0 knows no Host");
  });
});

describe("the rate limit", async () => {
  const limited = await withApp({ env: { RATE_LIMIT_PER_MINUTE: "3" } });

  it("refuses a user's fourth request in a minute with 429 and Retry-After, and nobody else's", async () => {
    const headers = await asUser("alice");
    for (let turn = 0; turn < 3; turn += 1) assertRefusal(await limited.app.inject({ url: "/api/vps/status", headers }), 404, "VPS_NOT_FOUND");
    const answer = await limited.app.inject({ url: "/api/vps/status", headers });
    assertRefusal(answer, 429, "RATE_LIMITED");
    assert.ok(Number(answer.headers["retry-after"]) > 0);
    assertRefusal(await limited.app.inject({ url: "/api/vps/status", headers: await asUser("bob") }), 404, "VPS_NOT_FOUND");
  });

  it("goes on when the time of day is set back", async () => {
    const { app } = await withApp({ env: { RATE_LIMIT_PER_MINUTE: "1" } });
    const headers = await asUser("carol");
    const status = async () => (await app.inject({ url: "/api/vps/status", headers })).statusCode;
    const [day, clock] = [Date.now(), performance.now()];
    assert.deepEqual([await status(), await status()], [404, 429]);
    vi.spyOn(Date, "now").mockImplementation(() => day - 10 * 60_000);
    vi.spyOn(performance, "now").mockImplementation(() => clock + 61_000);
    try {
      assert.deepEqual([await status(), await status()], [404, 429]);
    } finally {
      vi.restoreAllMocks();
    }
  });

  it("counts requests with bad tokens by address", async () => {
    const statuses: number[] = [];
    for (let turn = 0; turn < 4; turn += 1) statuses.push((await limited.app.inject({ url: "/api/vps/status", headers: { authorization: "Bearer a.b.c" }, remoteAddress: "198.51.100.7" })).statusCode);
    assert.deepEqual(statuses, [401, 401, 401, 429]);
  });

  it("does not count health checks", async () => {
    for (let turn = 0; turn < 5; turn += 1) assert.equal((await limited.app.inject("/healthz")).statusCode, 200);
  });
});
