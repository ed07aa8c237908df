import assert from "node:assert/strict";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { control, hitsOf, hostinger, purchaseBody, QUICK, records, until } from "./sandbox-support.ts";
import { until as untilSo } from "../support/until.ts";

const MACHINES = "vps/v1/virtual-machines";
const PATTERN = "/api/vps/v1/virtual-machines$";

describe("the sandbox's faults", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox(QUICK);
  });
  beforeEach(() => sandbox.reset());
  afterAll(() => sandbox.close());

  const faulty = (rule: object) => control(sandbox, "POST", "faults", { api: "hostinger", path: PATTERN, ...rule });
  const buyOnce = async () => hostinger(sandbox, "POST", MACHINES, await purchaseBody(sandbox));
  const purchases = () => sandbox.state().purchases.length;
  const hit = (ruleId: number) => untilSo("a request for the fault", async () => (await hitsOf(sandbox, ruleId)) > 0);

  it("drop-before cuts the connection, and nothing was bought", async () => {
    await faulty({ method: "POST", fault: { kind: "drop-before" } });
    await assert.rejects(buyOnce(), TypeError);
    assert.equal(purchases(), 0);
    assert.equal((await buyOnce()).status, 200);
  });

  it("drop-after cuts the connection after the purchase", async () => {
    await faulty({ method: "POST", fault: { kind: "drop-after" } });
    await assert.rejects(buyOnce(), TypeError);
    assert.equal(purchases(), 1);
  });

  it("status answers an error instead of the effect, with its headers", async () => {
    const fault = { kind: "status", status: 429, retryAfterSeconds: 7, headers: { "x-extra": "yes" } };
    await faulty({ method: "POST", fault });
    const answer = await buyOnce();
    assert.equal(answer.status, 429);
    assert.equal(answer.body.message, "Too Many Requests");
    assert.ok(answer.body.correlation_id);
    assert.deepEqual([answer.headers.get("retry-after"), answer.headers.get("x-extra")], ["7", "yes"]);
    assert.equal(purchases(), 0);
  });

  it("status with afterEffect answers an error although it was bought", async () => {
    await faulty({ method: "POST", fault: { kind: "status", status: 502, afterEffect: true, body: { message: "so sorry" } } });
    const answer = await buyOnce();
    assert.deepEqual([answer.status, answer.body, purchases()], [502, { message: "so sorry" }, 1]);
  });

  it("delay holds back the request, or, after the effect, the answer", async () => {
    const body = await purchaseBody(sandbox);
    const { id } = await faulty({ method: "POST", fault: { kind: "delay", delayMs: 1_000 } });
    const started = Date.now();
    const late = hostinger(sandbox, "POST", MACHINES, body);
    await hit(id);
    assert.equal(purchases(), 0);
    assert.equal((await late).status, 200);
    assert.ok(Date.now() - started >= 990);
    await faulty({ method: "POST", fault: { kind: "delay", delayMs: 1_000, when: "after" } });
    let isAnswered = false;
    const answeredLate = hostinger(sandbox, "POST", MACHINES, body).finally(() => { isAnswered = true; });
    await until(sandbox, (state) => state.purchases.length === 2);
    assert.equal(isAnswered, false);
    assert.equal((await answeredLate).status, 200);
  });

  it("delay lets a purchase land whose client has gone meanwhile", async () => {
    const { id } = await faulty({ method: "POST", fault: { kind: "delay", delayMs: 1_000 } });
    await cutOnceHit(id, await purchaseBody(sandbox));
    assert.equal(purchases(), 0);
    await until(sandbox, (state) => state.purchases.length === 1);
  });

  it("hang never answers and does nothing", async () => {
    const { id } = await faulty({ method: "POST", fault: { kind: "hang" } });
    await cutOnceHit(id, await purchaseBody(sandbox));
    // Whatever it did, it would have done before another request is through.
    assert.equal((await buyOnce()).status, 200);
    assert.equal(purchases(), 1);
  });

  it("garbage answers 200 with something that is no JSON", async () => {
    await faulty({ method: "GET", fault: { kind: "garbage" } });
    await assert.rejects(hostinger(sandbox, "GET", MACHINES), SyntaxError);
  });

  /** The answer as it comes over the wire, with what became of the connection. */
  const raw = async (method: string, body?: object, signal = AbortSignal.timeout(60_000)) => {
    const response = await fetch(`${sandbox.hostingerUrl}/api/${MACHINES}`, {
      method,
      headers: { authorization: `Bearer ${sandbox.hostingerToken}` },
      signal,
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  /** A client that goes away without an answer, once its request is there. */
  const cutOnceHit = async (ruleId: number, body: object) => {
    const cut = new AbortController();
    const sent = assert.rejects(raw("POST", body, cut.signal), { name: "AbortError" });
    await hit(ruleId);
    cut.abort();
    await sent;
  };

  it("status answers with any status, any headers and any body: a text as it is", async () => {
    const answers = [
      { status: 200, body: "<html>maintenance</html>" },
      { status: 200, body: "" },
      { status: 202, body: { id: 1, status: "payment_initiated" } },
      { status: 200, body: '{"id": 1, "virt', headers: { "content-type": "application/json" } },
      { status: 204, body: "left out by HTTP" },
      { status: 500, body: null },
    ];
    for (const answer of answers) await faulty({ method: "POST", fault: { kind: "status", ...answer } });
    const body = await purchaseBody(sandbox);
    const got = [];
    for (const _one of answers) got.push(await raw("POST", body));
    assert.deepEqual(got.map(({ status, text }) => [status, text]), [
      [200, "<html>maintenance</html>"],
      [200, ""],
      [202, '{"id":1,"status":"payment_initiated"}'],
      [200, '{"id": 1, "virt'],
      [204, ""],
      [500, "null"],
    ]);
    assert.deepEqual([got[0]?.headers.get("content-type"), got[3]?.headers.get("content-type")], ["text/html", "application/json"]);
    assert.equal(purchases(), 0);
  });

  it("an answer may be cut off, end early in good order, or come in drops", async () => {
    await faulty({ method: "POST", fault: { kind: "answer", cutAfterBytes: 20 } });
    await assert.rejects(buyOnce(), TypeError);
    await faulty({ method: "POST", fault: { kind: "answer", cutAfterBytes: 0 } });
    await assert.rejects(buyOnce(), TypeError);
    const body = await purchaseBody(sandbox);
    await faulty({ method: "POST", fault: { kind: "answer", keepBytes: 20 } });
    assert.equal((await raw("POST", body)).text.length, 20);
    assert.equal(purchases(), 3);
    await faulty({ method: "POST", fault: { kind: "answer", dripBytes: 100, dripEveryMs: 2 } });
    assert.ok(JSON.parse((await raw("POST", body)).text).virtual_machine.id > 0);
    await faulty({ method: "POST", fault: { kind: "status", status: 502, body: "<html>", dripEveryMs: 1 } });
    assert.equal((await raw("POST", body)).text, "<html>");
    await faulty({ method: "POST", fault: { kind: "answer", dripEveryMs: 50 } });
    const cut = new AbortController();
    const slow = assert.rejects(raw("POST", body, cut.signal), { name: "AbortError" });
    await until(sandbox, (state) => state.purchases.length === 5);
    await new Promise((resolve) => setTimeout(resolve, 150));
    cut.abort();
    await slow;
  });

  it("an answer may be edited, and its headers changed or taken away", async () => {
    await buyOnce();
    const edits = [{ path: "*.state" }, { path: "*.hostname", value: null }, { path: "*.template.name", value: 7 }, { path: "*.ipv6.0.ptr" }];
    await faulty({ method: "GET", fault: { kind: "answer", edits, headers: { date: "Wed, 21 Oct 2015 07:28:00 GMT", "x-ratelimit-remaining": "0" } } });
    const { body, headers } = await hostinger(sandbox, "GET", MACHINES);
    assert.deepEqual([body.length, "state" in body[0], body[0].hostname, body[0].template.name], [1, false, null, 7]);
    assert.deepEqual([headers.get("date"), headers.get("x-ratelimit-remaining")], ["Wed, 21 Oct 2015 07:28:00 GMT", "0"]);
    await faulty({ method: "GET", fault: { kind: "answer", edits: [{ path: "0" }], headers: { date: "", "x-ratelimit-limit": "" } } });
    const without = await hostinger(sandbox, "GET", MACHINES);
    assert.deepEqual([without.body, without.headers.has("date"), without.headers.has("x-ratelimit-limit")], [[], false, false]);
    await faulty({ method: "GET", fault: { kind: "answer", edits: [{ path: "", value: [] }] } });
    assert.deepEqual((await hostinger(sandbox, "GET", MACHINES)).body, []);
  });

  it("reset resets the connection, before the effect or after it", async () => {
    const cause = (error: TypeError) => (error.cause as { code?: string }).code === "ECONNRESET";
    await faulty({ method: "POST", fault: { kind: "reset" } });
    await assert.rejects(buyOnce(), cause);
    assert.equal(purchases(), 0);
    await faulty({ method: "POST", fault: { kind: "reset", afterEffect: true } });
    await assert.rejects(buyOnce(), cause);
    assert.equal(purchases(), 1);
  });

  it("the effect may come later than the answer, the reset or the time-out", async () => {
    const body = await purchaseBody(sandbox);
    for (const fault of [{ kind: "status", status: 500 }, { kind: "reset" }, { kind: "hang" }]) {
      const before = purchases();
      const { id } = await faulty({ method: "POST", fault: { ...fault, effectAfterMs: 1_000 } });
      if (fault.kind === "hang") await cutOnceHit(id, body);
      else await raw("POST", body).catch(() => undefined);
      assert.equal(purchases(), before, fault.kind);
      await until(sandbox, (state) => state.purchases.length === before + 1);
    }
  });

  it("concern requests with a text in their body alone, if told so", async () => {
    await faulty({ method: "POST", bodyHas: "bob.spoq.dev", fault: { kind: "status", status: 503 } });
    assert.equal((await buyOnce()).status, 200);
    const bob = await purchaseBody(sandbox, { hostname: "bob.spoq.dev" });
    assert.equal((await hostinger(sandbox, "POST", MACHINES, bob)).status, 503);
  });

  it("Cloudflare's answers can be the same", async () => {
    for (const fault of [{ kind: "status", status: 200, body: "<html>" }, { kind: "answer", keepBytes: 9 }]) {
      await control(sandbox, "POST", "faults", { api: "cloudflare", method: "GET", fault });
      await assert.rejects(records(sandbox, "GET"), SyntaxError);
    }
    await control(sandbox, "POST", "faults", { api: "cloudflare", method: "POST", fault: { kind: "reset", afterEffect: true } });
    await assert.rejects(records(sandbox, "POST", "", { name: "carol", type: "A", content: "127.0.0.9", ttl: 60 }), TypeError);
    assert.equal(sandbox.state().records.length, 1);
  });

  it("the clock of the answers may be another than that of what they tell", async () => {
    await control(sandbox, "POST", "settings", { dateOffsetMs: -60_000 });
    const { headers, body } = await buyOnce();
    const ahead = Date.parse(body.virtual_machine.created_at) - Date.parse(headers.get("date") ?? "");
    assert.ok(ahead > 55_000 && ahead < 65_000, `${ahead} ms`);
  });

  it("hit as often as they are told, skip the first, and start and end in time", async () => {
    const status = async () => (await hostinger(sandbox, "GET", MACHINES)).status;
    const fault = { kind: "status", status: 503 };
    await faulty({ times: 2, skip: 1, fault });
    assert.deepEqual([await status(), await status(), await status(), await status()], [200, 503, 503, 200]);
    sandbox.clearFaults();
    const { id } = await faulty({ times: 0, fault });
    assert.deepEqual([await status(), await status(), await status()], [503, 503, 503]);
    assert.equal((await control(sandbox, "GET", "faults"))[0].hits, 3);
    await control(sandbox, "DELETE", `faults/${id}`);
    assert.equal(await status(), 200);
    await faulty({ times: 0, afterMs: 1_000, forMs: 1_000, fault });
    const seen = [await status()];
    await untilSo("its end", async () => {
      const now = await status();
      if (now !== seen.at(-1)) seen.push(now);
      return seen.length === 3;
    }, () => seen);
    assert.deepEqual(seen, [200, 503, 200]);
  });

  it("concern their API, method and path alone", async () => {
    await faulty({ method: "POST", times: 0, fault: { kind: "status", status: 500 } });
    assert.equal((await hostinger(sandbox, "GET", MACHINES)).status, 200);
    assert.equal((await hostinger(sandbox, "GET", "vps/v1/templates")).status, 200);
    await control(sandbox, "POST", "faults", { api: "cloudflare", fault: { kind: "status", status: 500 } });
    const answer = await records(sandbox, "GET");
    assert.deepEqual([answer.status, answer.body.success], [500, false]);
    assert.equal((await records(sandbox, "GET")).status, 200);
  });

  it("are refused if nobody could have meant them", async () => {
    for (const wrong of [{ fault: { kind: "nonsense" } }, { path: "(", fault: { kind: "hang" } }, { tims: 1, fault: { kind: "hang" } }, { fault: { kind: "status", status: 101 } }]) {
      await assert.rejects(faulty(wrong), /400/);
    }
  });

  it("a limit of requests a minute answers 429 with the rate limit's headers", async () => {
    const free = await hostinger(sandbox, "GET", MACHINES);
    assert.ok(Number(free.headers.get("x-ratelimit-remaining")) > 0);
    const fresh = await startSandbox(QUICK);
    try {
      await control(fresh, "POST", "settings", { rateLimitPerMinute: 2 });
      const answers = [];
      for (let number = 0; number < 3; number += 1) answers.push(await hostinger(fresh, "GET", MACHINES));
      assert.deepEqual(answers.map((answer) => answer.status), [200, 200, 429]);
      assert.deepEqual(answers.map((answer) => answer.headers.get("x-ratelimit-remaining")), ["1", "0", "0"]);
      assert.ok(Number(answers[2]?.headers.get("retry-after")) >= 1);
    } finally {
      await fresh.close();
    }
  });

  it("every call is counted and remembered, without bodies and tokens", async () => {
    await buyOnce();
    await hostinger(sandbox, "GET", "vps/v1/virtual-machines/1");
    const counts = sandbox.state().calls.counts.map(({ method, pattern, count }) => `${method} ${pattern} ${count}`);
    assert.ok(counts.includes("POST /api/vps/v1/virtual-machines 1"));
    assert.ok(counts.includes("GET /api/vps/v1/virtual-machines/{virtualMachineId} 1"));
    const calls = await control(sandbox, "GET", "calls");
    assert.deepEqual(calls.map((one: { status: number }) => one.status), [200, 200, 404]);
    const everything = JSON.stringify([calls, sandbox.state()]);
    for (const secret of ["SecurePassword123!", "jwt_secret =", sandbox.hostingerToken]) assert.ok(!everything.includes(secret));
  });
});
