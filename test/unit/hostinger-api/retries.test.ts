import assert from "node:assert/strict";
import { beforeAll, describe, it } from "vitest";

import { UserVpsError, type ErrorCode } from "../../../providers/core/errors.ts";
import { sharedRateLimiter } from "../../../providers/core/rate-limiter.ts";
import { HostingerClient } from "../../../providers/hostinger/api/client.ts";
import { until } from "../../support/until.ts";
import { actionJson, closedPort, FAKE_TOKEN, startApiServer, startApiServerAt, vmJson, withShortBackoff, type Answer, type ApiServer } from "./api-server.ts";

const withCode = (code: ErrorCode) => (error: unknown) => error instanceof UserVpsError && error.code === code;
const ok = { json: [vmJson] };
const script = { name: "alice", content: "#!/bin/bash\n" };
const scriptJson = { id: 5, ...script, created_at: null, updated_at: null };

beforeAll(() => withShortBackoff());

describe("a call that may be repeated", () => {
  const passing: [string, Answer][] = [
    ["408", { status: 408 }],
    ["429 without headers", { status: 429 }],
    ["500", { status: 500 }],
    ["502 with HTML", { status: 502, text: "<html>bad gateway</html>" }],
    ["503", { status: 503 }],
    ["200 with HTML", { status: 200, text: "<html>maintenance</html>" }],
    ["200 with half of the answer", { status: 200, text: '[{"id": 17923, "sta' }],
    ["200 with nothing", { status: 200, text: "" }],
    ["504", { status: 504 }],
    ["a broken connection", "drop"],
  ];
  for (const [what, answer] of passing) {
    it(`is repeated after ${what}`, async () => {
      await using server = await startApiServer(answer, answer, ok);
      const vms = await server.client().virtualMachines.list();
      assert.equal(vms[0]?.id, vmJson.id);
      assert.equal(server.seen.length, 3);
    });
  }

  it("is repeated after an attempt's time-out", async () => {
    await using server = await startApiServer("hang", ok);
    await server.client({ requestTimeoutMs: 1_000 }).virtualMachines.list();
    assert.equal(server.seen.length, 2);
  });

  const lasting: [number, ErrorCode][] = [
    [400, "API_REJECTED"],
    [401, "API_UNAUTHORIZED"],
    [403, "API_FORBIDDEN"],
    [404, "API_NOT_FOUND"],
    [409, "API_REJECTED"],
    [422, "API_REJECTED"],
    [302, "API_ANSWER_UNREADABLE"],
  ];
  for (const [status, code] of lasting) {
    it(`is not repeated after ${status}, which is ${code}`, async () => {
      await using server = await startApiServer({ status });
      await assert.rejects(server.client().virtualMachines.list(), withCode(code));
      assert.equal(server.seen.length, 1);
    });
  }

  for (const [answer, code] of [[{ status: 503 }, "API_UNAVAILABLE"], ["drop", "API_UNREACHABLE"], [{ status: 429 }, "API_RATE_LIMITED"]] as const) {
    it(`ends with ${code} at the retry limit`, async () => {
      await using server = await startApiServer(answer);
      await assert.rejects(server.client({ retryLimitMs: 500 }).virtualMachines.list(), withCode(code));
      assert.ok(server.seen.length > 1 && server.seen.length < 60, `${server.seen.length} attempts`);
    });
  }

  it("is tried once when there is no time for repetitions", async () => {
    await using server = await startApiServer({ status: 500 });
    await assert.rejects(server.client({ retryLimitMs: 0 }).virtualMachines.list(), withCode("API_UNAVAILABLE"));
    assert.equal(server.seen.length, 1);
  });

  it("ends at the call's own time limit, in the middle of an attempt", async () => {
    await using server = await startApiServer("hang");
    const startedMs = Date.now();
    await assert.rejects(server.client().virtualMachines.list({ timeoutMs: 50 }), withCode("API_TIMEOUT"));
    assert.ok(Date.now() - startedMs < 20_000);
  });

  for (const status of [429, 503]) {
    for (const headers of [{ "retry-after": "0" }, { "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT" }, { "x-ratelimit-reset": "0", "x-ratelimit-remaining": "0" }, { "retry-after": "-7" }]) {
      it(`is repeated after ${status} no sooner than the backoff, whatever ${JSON.stringify(headers)} allows`, async () => {
        await using server = await startApiServer({ status, headers });
        await assert.rejects(server.client({ retryLimitMs: 800 }).virtualMachines.list(), UserVpsError);
        assert.ok(server.seen.length > 1 && server.seen.length < 30, `${server.seen.length} attempts`);
      });
    }
  }

  it("is not held for a moment that is thousands of years away", async () => {
    await using server = await startApiServer({ status: 503, headers: { "retry-after": String(Date.now() * 1_000) } });
    await assert.rejects(server.client({ retryLimitMs: 50 }).virtualMachines.list(), withCode("API_UNAVAILABLE"));
  });

  it("waits after 503 as long as Retry-After says", async () => {
    await using server = await startApiServer({ status: 503, headers: { "retry-after": "0.12" } }, ok);
    await server.client().virtualMachines.list();
    const [first, second] = server.seen;
    assert.ok((second?.atMs ?? 0) - (first?.atMs ?? 0) >= 118);
  });

  for (const [what, run] of [
    ["PUT", (client: HostingerClient) => client.virtualMachines.setHostname(1, "alice.spoq.dev")],
    ["DELETE", (client: HostingerClient) => client.virtualMachines.resetHostname(1)],
    ["the POST of a PTR record", (client: HostingerClient) => client.virtualMachines.setPtr(1, 2, "alice.spoq.dev")],
  ] as const) {
    it(`may be ${what}`, async () => {
      await using server = await startApiServer({ status: 500 }, { json: actionJson });
      await run(server.client());
      assert.equal(server.seen.length, 2);
    });
  }
});

describe("a DELETE", () => {
  it("is done when the repetition after a lost answer finds nothing", async () => {
    await using server = await startApiServer("drop", { status: 404 });
    await server.client().scripts.delete(5);
    assert.equal(server.seen.length, 2);
  });

  it("says API_NOT_FOUND when the first attempt finds nothing", async () => {
    await using server = await startApiServer({ status: 404 });
    await assert.rejects(server.client().scripts.delete(5), withCode("API_NOT_FOUND"));
  });

  it("is not done when a page says that something is not found", async () => {
    await using server = await startApiServer("drop", { status: 404, text: "<html>no such page</html>" });
    await assert.rejects(server.client().scripts.delete(5), withCode("API_ANSWER_UNREADABLE"));
  });

  it("says API_NOT_FOUND when no earlier attempt can have deleted it", async () => {
    await using server = await startApiServer({ status: 429 }, { status: 404 });
    await assert.rejects(server.client().scripts.delete(5), withCode("API_NOT_FOUND"));
  });
});

describe("a POST that makes something", () => {
  for (const [what, answer, code] of [
    ["500", { status: 500 }, "API_UNAVAILABLE"],
    ["408", { status: 408 }, "API_TIMEOUT"],
    ["a broken connection", "drop", "API_UNREACHABLE"],
    ["a time-out", "hang", "API_TIMEOUT"],
  ] as const) {
    it(`is not repeated after ${what}, when it may have been processed`, async () => {
      await using server = await startApiServer(answer, { json: scriptJson });
      await assert.rejects(server.client({ requestTimeoutMs: 1_000 }).scripts.create(script), withCode(code));
      assert.equal(server.seen.length, 1);
    });
  }

  it("is repeated after 429, which says that it was not processed", async () => {
    await using server = await startApiServer({ status: 429 }, { json: scriptJson });
    assert.equal((await server.client().scripts.create(script)).id, 5);
    assert.equal(server.seen.length, 2);
  });

  it("is repeated while nobody listens, as nothing can have been processed", async () => {
    const baseUrl = await closedPort();
    const client = new HostingerClient({ baseUrl, apiKey: FAKE_TOKEN });
    const creating = client.scripts.create(script);
    await new Promise((resolve) => setTimeout(resolve, 40));
    await using server = await startApiServerAt(baseUrl, { json: scriptJson });
    assert.equal((await creating).id, 5);
    assert.equal(server.seen.length, 1);
    await client.close();
  });

  it("ends with API_UNREACHABLE when nobody listens until the retry limit", async () => {
    const client = new HostingerClient({ baseUrl: await closedPort(), apiKey: FAKE_TOKEN, retryLimitMs: 60 });
    await assert.rejects(client.scripts.create(script), withCode("API_UNREACHABLE"));
    await client.close();
  });
});

/** Until the answer that asks everybody to wait has arrived. */
async function held({ baseUrl }: ApiServer): Promise<void> {
  await until("a hold of the rate limit", () => sharedRateLimiter(baseUrl, FAKE_TOKEN).heldMs > 0);
}

describe("429", () => {
  it("is obeyed by Retry-After, by all calls of all clients with this token", async () => {
    await using server = await startApiServer({ status: 429, headers: { "retry-after": "1" } }, ok);
    const [one, two] = [server.client(), server.client()];
    const first = one.virtualMachines.list();
    await held(server);
    await Promise.all([first, two.virtualMachines.list(), two.virtualMachines.list()]);
    const [refused, ...later] = server.seen;
    assert.equal(later.length, 3);
    for (const { atMs } of later) assert.ok(atMs - (refused?.atMs ?? 0) >= 990, `came after ${atMs - (refused?.atMs ?? 0)} ms`);
  });

  it("fails at once with API_RATE_LIMITED when the wait would be longer than the limit, and names it", async () => {
    await using server = await startApiServer({ status: 429, headers: { "retry-after": "3600" } });
    const client = server.client({ retryLimitMs: 1_000 });
    await assert.rejects(client.virtualMachines.list(), withCode("API_RATE_LIMITED"));
    await assert.rejects(client.virtualMachines.list({ timeoutMs: 500 }), /API_RATE_LIMITED.*was not sent.*36\d\d s/);
    assert.equal(server.seen.length, 1);
  });

  it("is avoided: nothing is sent while an answer said that no request remains", async () => {
    await using server = await startApiServer({ ...ok, headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "0.15" } }, ok);
    const client = server.client();
    await client.virtualMachines.list();
    await client.virtualMachines.list();
    const [first, second] = server.seen;
    assert.ok((second?.atMs ?? 0) - (first?.atMs ?? 0) >= 148);
  });
});

describe("cancellation", () => {
  it("ends every call of a run's client, but a purchase", async () => {
    const ended = Promise.withResolvers<Answer>();
    await using server = await startApiServer(({ method, url }) => (`${method} ${url}` === "POST /api/vps/v1/virtual-machines" ? ended.promise : "hang"));
    const cancel = new AbortController();
    const client = server.client({ requestTimeoutMs: 30_000 }).withSignal(cancel.signal);
    const calls = [client.virtualMachines.list(), client.virtualMachines.stop(1), client.scripts.list({ signal: new AbortController().signal })];
    const purchase = client.virtualMachines.purchase({ itemId: "x", setup: { templateId: 1, dataCenterId: 2 } });
    const ends = calls.map((call) => assert.rejects(call, /the worker stops/));
    await until("all to be under way", () => server.seen.length === calls.length + 1);
    cancel.abort(new Error("the worker stops"));
    await Promise.all(ends);
    ended.resolve({ json: { order: { id: 2957086, status: "completed" }, virtual_machine: vmJson } });
    assert.equal((await purchase).kind, "named");
  });

  it("sends nothing more of a run that turns out to be over right before the call, but what is brought to its end all the same", async () => {
    await using server = await startApiServer({ json: [] });
    const over = new AbortController();
    const client = server.client().withSignal(over.signal, async () => {
      over.abort(new UserVpsError("RUN_LOST", "this process stood still"));
      over.signal.throwIfAborted();
    });
    await assert.rejects(client.virtualMachines.list(), withCode("RUN_LOST"));
    assert.equal(server.seen.length, 0);
    await client.virtualMachines.list({ signal: null });
    assert.equal(server.seen.length, 1);
  });

  it("ends a wait between attempts at once", async () => {
    const cancel = new AbortController();
    await using server = await startApiServer(() => {
      setTimeout(() => cancel.abort(), 40);
      return { status: 503, headers: { "retry-after": "30" } };
    });
    const startedMs = Date.now();
    await assert.rejects(server.client().virtualMachines.list({ signal: cancel.signal }), withCode("CANCELLED"));
    assert.ok(Date.now() - startedMs < 20_000);
  });

  it("ends a wait for the rate limit at once", async () => {
    await using server = await startApiServer({ status: 429, headers: { "retry-after": "30" } });
    const cancel = new AbortController();
    const call = assert.rejects(server.client().virtualMachines.list({ signal: cancel.signal }), withCode("CANCELLED"));
    await held(server);
    cancel.abort();
    await call;
    assert.equal(server.seen.length, 1);
  });

  it("ends an attempt at once, with the signal's own reason", async () => {
    const cancel = new AbortController();
    await using server = await startApiServer(() => {
      cancel.abort(new Error("the worker stops"));
      return "hang";
    });
    await assert.rejects(server.client().virtualMachines.list({ signal: cancel.signal }), /the worker stops/);
  });
});

it("no more than 8 calls run at once", async () => {
  let running = 0;
  let most = 0;
  await using server = await startApiServer(() => {
    most = Math.max(most, ++running);
    setTimeout(() => running--, 15);
    return { ...ok, afterMs: 20 };
  });
  const client = server.client();
  await Promise.all(Array.from({ length: 30 }, () => client.virtualMachines.list()));
  assert.equal(server.seen.length, 30);
  assert.ok(most <= 8 && most > 1, `${most} at once`);
});
