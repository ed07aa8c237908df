import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeAll, describe, it } from "vitest";

import { UserVpsError, type ErrorCode } from "../../../providers/core/errors.ts";
import { HttpFailure, type HttpRequest } from "../../../providers/core/http.ts";
import { HostingerClient, type PurchaseOutcome, type PurchaseRequest } from "../../../providers/hostinger/api/client.ts";
import { purchase } from "../../../providers/hostinger/api/purchase.ts";
import { HostingerTransport } from "../../../providers/hostinger/api/transport.ts";
import { virtualMachineSchema } from "../../../providers/hostinger/api/virtual-machine.ts";
import { atEnd } from "../../support/at-end.ts";
import { closedPort, FAKE_TOKEN, startApiServer, startApiServerAt, vmJson, withShortBackoff, type Answer } from "./api-server.ts";

const PASSWORD = "Fake-Password-For-Tests-123";
const request: PurchaseRequest = {
  itemId: "hostingercom-vps-kvm1-usd-1m",
  paymentMethodId: 1234567,
  coupons: ["WELCOME"],
  setup: {
    templateId: 1007,
    dataCenterId: 9,
    hostname: "alice.spoq.dev",
    password: PASSWORD,
    postInstallScriptId: 12345,
    enableBackups: true,
    installMonarx: false,
    ns1: "1.1.1.1",
    ns2: "8.8.8.8",
    publicKey: { name: "spoq-deploy", key: "ssh-ed25519 AAAA" },
  },
};
const orderJson = { id: 2957086, subscription_id: "Azz353Uhl1xC54pR0", status: "completed", currency: "USD", subtotal: 499, total: 499 };
const bought = { json: { order: orderJson, virtual_machine: { ...vmJson, state: "creating", ipv4: null } } };

beforeAll(() => withShortBackoff());

describe("a purchase", () => {
  it("sends the API's own field names", async () => {
    await using server = await startApiServer(bought);
    await server.client().virtualMachines.purchase(request);
    const [seen] = server.seen;
    assert.equal(`${seen?.method} ${seen?.url}`, "POST /api/vps/v1/virtual-machines");
    assert.equal(seen?.headers["authorization"], `Bearer ${FAKE_TOKEN}`);
    assert.deepEqual(seen?.body, {
      item_id: "hostingercom-vps-kvm1-usd-1m",
      payment_method_id: 1234567,
      coupons: ["WELCOME"],
      setup: {
        template_id: 1007,
        data_center_id: 9,
        hostname: "alice.spoq.dev",
        password: PASSWORD,
        post_install_script_id: 12345,
        enable_backups: true,
        install_monarx: false,
        ns1: "1.1.1.1",
        ns2: "8.8.8.8",
        public_key: { name: "spoq-deploy", key: "ssh-ed25519 AAAA" },
      },
    });
  });

  it("leaves out what was not given", async () => {
    await using server = await startApiServer(bought);
    await server.client().virtualMachines.purchase({ itemId: "x", setup: { templateId: 1007, dataCenterId: 9 } });
    assert.deepEqual(server.seen[0]?.body, { item_id: "x", setup: { template_id: 1007, data_center_id: 9 } });
  });

  const understood: [string, Answer, PurchaseOutcome][] = [
    ["{order, virtual_machine}, as the API answers", bought, { kind: "named", vmId: vmJson.id, vm: virtualMachineSchema.parse(bought.json.virtual_machine), orderId: "2957086", subscriptionId: "Azz353Uhl1xC54pR0", orderStatus: "completed" }],
    ["{order_id, virtual_machine_id, status}, as the specification has it", { json: { order_id: "123456", virtual_machine_id: 789012, status: "processing" } }, { kind: "named", vmId: 789012, orderId: "123456", subscriptionId: undefined, orderStatus: "processing" }],
    ["a VM that it cannot read otherwise by its id", { json: { order: orderJson, virtual_machine: { id: 17923 } } }, { kind: "named", vmId: 17923, orderId: "2957086", subscriptionId: "Azz353Uhl1xC54pR0", orderStatus: "completed" }],
    ["ids that are texts", { json: { order: { ...orderJson, id: "2957086" }, virtual_machine: { id: "17923" } } }, { kind: "named", vmId: 17923, orderId: "2957086", subscriptionId: "Azz353Uhl1xC54pR0", orderStatus: "completed" }],
    ["the subscription of a VM whose id it cannot read", { json: { virtual_machine: { id: "vm-17923", subscription_id: "Azz1" } } }, { kind: "accepted", orderId: undefined, subscriptionId: "Azz1", orderStatus: undefined }],
    ["201, and a state of orders that it does not know", { status: 201, json: { order: { ...orderJson, status: "on_hold" } } }, { kind: "accepted", orderId: "2957086", subscriptionId: "Azz353Uhl1xC54pR0", orderStatus: "on_hold" }],
    ["an order without a VM", { json: { order: orderJson, virtual_machine: null } }, { kind: "accepted", orderId: "2957086", subscriptionId: "Azz353Uhl1xC54pR0", orderStatus: "completed" }],
    ["202, the payment is under way", { status: 202, json: { id: 2957087, subscription_id: "Azz1", status: "payment_initiated", message: "…" } }, { kind: "accepted", orderId: "2957087", subscriptionId: "Azz1", orderStatus: "payment_initiated" }],
    ...(["pending", "processing", "awaiting_payment"] as const).map((status): [string, Answer, PurchaseOutcome] => [
      `an order that is ${status}`, { json: { order: { ...orderJson, status }, virtual_machine: null } }, { kind: "accepted", orderId: "2957086", subscriptionId: "Azz353Uhl1xC54pR0", orderStatus: status },
    ]),
  ];
  for (const [what, answer, outcome] of understood) {
    it(`understands ${what}`, async () => {
      await using server = await startApiServer(answer);
      assert.deepEqual(await server.client().virtualMachines.purchase(request), outcome);
    });
  }
});

async function unknownOutcome(buying: Promise<PurchaseOutcome>): Promise<string> {
  const outcome = await buying;
  assert.equal(outcome.kind, "unknown");
  return outcome.kind === "unknown" ? outcome.said : "";
}

async function failureOf(buying: Promise<PurchaseOutcome>): Promise<{ kind: string; code: ErrorCode }> {
  const outcome = await buying;
  assert.ok((outcome.kind === "refused" || outcome.kind === "notSent") && outcome.error instanceof UserVpsError);
  return { kind: outcome.kind, code: outcome.error.code };
}

describe("a purchase of unknown outcome", () => {
  const uncertain: [string, Answer][] = [
    ["a broken connection", "drop"],
    ["no answer in time", "hang"],
    ["500", { status: 500, json: { message: "Server Error", correlation_id: "26a91bd9" } }],
    ["502", { status: 502, text: "<html></html>" }],
    ["503 with Retry-After", { status: 503, headers: { "retry-after": "0" } }],
    ["408", { status: 408 }],
    ["a redirect", { status: 302 }],
    ["200 that is no JSON", { text: "<html></html>" }],
    ["200 that is empty", {}],
    ["200 with neither order nor VM", { json: { message: "ok" } }],
    ["204", { status: 204 }],
    ["200 with a list", { json: [] }],
    ["200 with null", { text: "null" }],
    ["202 with another shape", { status: 202, json: { data: { id: 7, subscription_id: "Azz1" } } }],
    ["202 that is a page", { status: 202, text: "<html></html>" }],
    ["200 with an id that may be anything's", { json: { id: 2957087, status: "running" } }],
    ["a redirect with JSON", { status: 307, json: { message: "moved" } }],
    ["403 with JSON of something in front of the API", { status: 403, json: { title: "Error 1020: Access denied", status: 403 } }],
    ["422 with JSON of another shape", { status: 422, json: ["?"] }],
    ["200 that is broken off", { text: "{\"order\":", headers: { "content-length": "500" } }],
  ];
  for (const [what, answer] of uncertain) {
    it(`is said to be so and never repeated: ${what}`, async () => {
      await using server = await startApiServer(answer);
      const said = await unknownOutcome(server.client().virtualMachines.purchase(request, { timeoutMs: 2_000 }));
      assert.equal(said.includes(PASSWORD) || said.includes(FAKE_TOKEN), false);
      assert.equal(server.seen.length, 1);
    });
  }

  it("tells status, words and correlation id", async () => {
    await using server = await startApiServer({ status: 500, json: { message: "Server Error", correlation_id: "26a91bd9" } });
    assert.match(await unknownOutcome(server.client().virtualMachines.purchase(request)), /answered 500: Server Error\. \(correlation id 26a91bd9\)/);
  });

  it("is an order that came to nothing, with a VM all the same", async () => {
    await using server = await startApiServer({ json: { order: { ...orderJson, status: "failed" }, virtual_machine: { ...vmJson } } });
    await unknownOutcome(server.client().virtualMachines.purchase(request));
  });

  it("is one that was cancelled in flight", async () => {
    await using server = await startApiServer("hang");
    const cancel = new AbortController();
    const buying = server.client().virtualMachines.purchase(request, { signal: cancel.signal });
    while (server.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    cancel.abort();
    await unknownOutcome(buying);
  });
});

describe("a purchase that certainly did not happen", () => {
  const refused: [string, Answer, ErrorCode][] = [
    ["402", { status: 402, json: { message: "Payment required" } }, "PAYMENT_REFUSED"],
    ["422 about the payment", { status: 422, json: { message: "Your card was declined." } }, "PAYMENT_REFUSED"],
    ["422 about a payment field", { status: 422, json: { message: "Invalid.", errors: { payment_method_id: ["Expired."] } } }, "PAYMENT_REFUSED"],
    ["422 about something else", { status: 422, json: { message: "Invalid.", errors: { "setup.password": ["Leaked."] } } }, "API_REJECTED"],
    ...["failed", "refunded", "cancelled", "fraud_refund"].map((status): [string, Answer, ErrorCode] => [`an order that is ${status}`, { json: { order: { ...orderJson, status }, virtual_machine: null } }, "PAYMENT_REFUSED"]),
    ["401", { status: 401, json: { message: "Unauthenticated" } }, "API_UNAUTHORIZED"],
    ["403", { status: 403, json: { message: "Forbidden" } }, "API_FORBIDDEN"],
    ["404", { status: 404, json: { message: "Not found" } }, "API_NOT_FOUND"],
  ];
  for (const [what, answer, code] of refused) {
    it(`is ${code} after ${what}`, async () => {
      await using server = await startApiServer(answer);
      assert.deepEqual(await failureOf(server.client().virtualMachines.purchase(request)), { kind: "refused", code });
      assert.equal(server.seen.length, 1);
    });
  }

  it("is sent again after 429", async () => {
    await using server = await startApiServer({ status: 429, headers: { "retry-after": "0.05" } }, { status: 429 }, bought);
    assert.equal((await server.client().virtualMachines.purchase(request)).kind, "named");
    assert.equal(server.seen.length, 3);
  });

  it("is uncertain if an attempt after a 429 is", async () => {
    await using server = await startApiServer({ status: 429 }, "drop");
    await unknownOutcome(server.client().virtualMachines.purchase(request));
    assert.equal(server.seen.length, 2);
  });

  it("is API_RATE_LIMITED when 429 lasts until the time limit, with nothing sent after it", async () => {
    // The last attempt that there is time for has most of a second for its answer: it is not cut off in flight.
    await using server = await startApiServer({ status: 429, headers: { "retry-after": "1.2" } });
    const endMs = Date.now() + 2_000;
    const buying = server.client().virtualMachines.purchase(request, { timeoutMs: 2_000 });
    assert.deepEqual(await failureOf(buying), { kind: "notSent", code: "API_RATE_LIMITED" });
    const count = server.seen.length;
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(server.seen.length, count);
    for (const { atMs } of server.seen) assert.ok(atMs <= endMs);
  });

  const before = [
    ["API_RATE_LIMITED", async () => ({ status: 429, headers: {}, text: "{}" })],
    ["API_UNREACHABLE", async () => { throw new HttpFailure("unreachable", false, "connect ECONNREFUSED 127.0.0.1:1"); }],
  ] as const;
  it.each(before)("is what came before, %s, when an attempt had no time left to be sent", async (code, first) => {
    let attempts = 0;
    const endpoint = {
      async send({ timeoutMs }: HttpRequest) {
        attempts += 1;
        if (attempts === 1) return await first();
        await new Promise((resolve) => setTimeout(resolve, timeoutMs + 5));
        throw new HttpFailure("timeout", false, "no connection within the time limit");
      },
    };
    const limiter = { heldMs: 0, hold: () => undefined, acquire: async () => () => undefined };
    const transport = new HostingerTransport({ baseUrl: "http://127.0.0.1:1", apiKey: FAKE_TOKEN, requestTimeoutMs: 1_000, retryLimitMs: 1_000 } as never, { endpoint, limiter, serverTimeOffsetMs: 0 } as never);
    assert.deepEqual(await failureOf(purchase(transport, request, { timeoutMs: 1_000 })), { kind: "notSent", code });
    assert.equal(attempts, 2);
  });

  it("is API_UNREACHABLE when nobody listens until the time limit", async () => {
    const client = new HostingerClient({ baseUrl: await closedPort(), apiKey: FAKE_TOKEN });
    const buying = client.virtualMachines.purchase(request, { timeoutMs: 1_000 });
    assert.deepEqual(await failureOf(buying), { kind: "notSent", code: "API_UNREACHABLE" });
    await client.close();
  });

  it("is sent when the API begins to listen within the time limit", async () => {
    const baseUrl = await closedPort();
    const client = new HostingerClient({ baseUrl, apiKey: FAKE_TOKEN });
    const buying = client.virtualMachines.purchase(request, { timeoutMs: 5_000 });
    await new Promise((resolve) => setTimeout(resolve, 40));
    await using server = await startApiServerAt(baseUrl, bought);
    assert.equal((await buying).kind, "named");
    assert.equal(server.seen.length, 1);
    await client.close();
  });

  it("is not sent at all without time, or after a cancellation", async () => {
    await using server = await startApiServer(bought);
    const { purchase } = server.client().virtualMachines;
    assert.deepEqual(await failureOf(purchase(request, { timeoutMs: 0 })), { kind: "notSent", code: "API_TIMEOUT" });
    assert.deepEqual(await failureOf(purchase(request, { signal: AbortSignal.abort() })), { kind: "notSent", code: "CANCELLED" });
    assert.deepEqual(await failureOf(purchase(request, { mayBegin: () => false })), { kind: "notSent", code: "API_TIMEOUT" });
    assert.equal(server.seen.length, 0);
  });
});

it("a purchase is not in flight after its time limit: its connection is gone", async () => {
  const server = createServer();
  const closedAtMs = new Promise<number>((resolve) => {
    server.on("connection", (socket) => socket.on("close", () => resolve(Date.now())));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEnd(() => new Promise((resolve) => server.close(resolve)));
  const { port } = server.address() as AddressInfo;
  const client = new HostingerClient({ baseUrl: `http://127.0.0.1:${port}`, apiKey: FAKE_TOKEN });
  atEnd(() => client.close());
  const startedMs = Date.now();
  await unknownOutcome(client.virtualMachines.purchase(request, { timeoutMs: 1_000 }));
  const lastedMs = (await closedAtMs) - startedMs;
  assert.ok(lastedMs >= 990 && lastedMs < 20_000, `${lastedMs} ms`);
});
