import assert from "node:assert/strict";
import { describe, it } from "vitest";

import { specificationState } from "../../../providers/hostinger/api/actions.ts";
import { HostingerClient } from "../../../providers/hostinger/api/client.ts";
import { actionJson, startApiServer, vmJson, type Answer } from "./api-server.ts";

async function answered<T>(json: unknown, run: (client: HostingerClient) => Promise<T>): Promise<T> {
  await using server = await startApiServer({ json });
  return await run(server.client({ retryLimitMs: 0 }));
}
const getVm = (json: unknown) => answered(json, (client) => client.virtualMachines.get(1));

describe("a VM", () => {
  it("is read in full", async () => {
    assert.deepEqual(await getVm(vmJson), {
      id: 17923,
      subscriptionId: "Azz353Uhl1xC54pR0",
      firewallGroupId: null,
      dataCenterId: 9,
      plan: "KVM 1",
      hostname: "alice.spoq.dev",
      state: "running",
      actionsLock: "unlocked",
      cpus: 1,
      memoryMb: 4096,
      diskMb: 51200,
      bandwidthMb: 4194304,
      ns1: "1.1.1.1",
      ns2: null,
      ipv4: [{ id: 52347, address: "192.0.2.17", ptr: null }],
      ipv6: [],
      template: { id: 1007, name: "Ubuntu 22.04 LTS" },
      createdAt: "2026-01-05T07:25:36.000Z",
    });
  });

  it("needs no more than id and state", async () => {
    const vm = await getVm({ id: 1, state: "creating" });
    assert.equal(vm.hostname, "");
    assert.deepEqual(vm.ipv4, []);
    assert.equal(vm.template, null);
    assert.equal(vm.actionsLock, "unlocked");
  });

  it("may have fields and states that are not known yet, and odd values in fields nobody relies on", async () => {
    const vm = await getVm({ ...vmJson, state: "hibernating", gpu: { count: 1 }, cpus: "one", template: "Ubuntu", ns1: 5 });
    assert.equal(vm.state, "hibernating");
    assert.equal(vm.cpus, null);
    assert.equal(vm.template, null);
  });

  it("has only real addresses", async () => {
    const vm = await getVm({ ...vmJson, ipv4: [{ id: 1, address: "" }, { id: 2, address: "192.0.2.9" }], ipv6: [{ id: 3, address: "2001:db8::9", ptr: "a.b" }] });
    assert.deepEqual(vm.ipv4.map(({ address }) => address), ["192.0.2.9"]);
    assert.deepEqual(vm.ipv6.map(({ address }) => address), ["2001:db8::9"]);
  });

  for (const [what, json] of [
    ["a missing id", { state: "running" }],
    ["an id of 0", { ...vmJson, id: 0 }],
    ["an id that is text", { ...vmJson, id: "17923" }],
    ["an id with a fraction", { ...vmJson, id: 1.5 }],
    ["a missing state", { id: 1 }],
    ["an empty state", { ...vmJson, state: "" }],
    ["a list instead of a VM", [vmJson]],
    ["null", null],
  ] as const) {
    it(`is refused with ${what}`, async () => {
      await assert.rejects(getVm(json), /API_ANSWER_UNEXPECTED: GET \/api\/vps\/v1\/virtual-machines\/1 answered 200, but /);
    });
  }
});

describe("an action's state", () => {
  const cases = { created: "running", sent: "running", delayed: "running", success: "completed", error: "failed", running: "running", completed: "completed", failed: "failed" };
  for (const [state, expected] of Object.entries(cases)) {
    it(`'${state}' is the specification's '${expected}'`, async () => {
      const action = await answered({ ...actionJson, state }, (client) => client.virtualMachines.start(1));
      assert.equal(action.state, state);
      assert.equal(specificationState(action), expected);
    });
  }

  it("counts as running when it is not known", () => assert.equal(specificationState({ state: "queued" }), "running"));
});

describe("other answers", () => {
  it("a script without content, as the specification has it, is read", async () => {
    const script = await answered({ id: 12345, name: "spoq", created_at: "2024-01-15T10:00:00Z" }, (client) => client.scripts.create({ name: "spoq", content: "x" }));
    assert.deepEqual(script, { id: 12345, name: "spoq", content: null, createdAt: "2024-01-15T10:00:00.000Z", updatedAt: null });
  });

  it("a data center may lack its city", async () => {
    assert.deepEqual(await answered([{ id: 9, name: "phx", location: "us", city: null }], (client) => client.dataCenters.list()), [
      { id: 9, name: "phx", location: "us", city: null, continent: null },
    ]);
  });

  it("a catalog item has prices in cents", async () => {
    const price = { id: "hostingercom-vps-kvm1-usd-1m", name: "KVM 1 (billed every month)", currency: "USD", price: 1399, first_period_price: 499, period: 1, period_unit: "month" };
    const [item] = await answered([{ id: "hostingercom-vps-kvm1", name: "KVM 1", category: "VPS", metadata: null, prices: [price] }], (client) => client.catalog.list());
    assert.equal(item?.prices[0]?.id, "hostingercom-vps-kvm1-usd-1m");
    assert.equal(item?.prices[0]?.priceCents, 1399);
    assert.equal(item?.prices[0]?.firstPeriodPriceCents, 499);
  });

  it("a subscription tells whether it renews and until when it is paid", async () => {
    const json = { id: "Azz36nUfKX1S1MSF", name: "KVM 1", status: "not_renewing", is_auto_renewed: false, expires_at: "2026-03-27T11:54:22Z", next_billing_at: null };
    const subscription = await answered(json, (client) => client.subscriptions.disableAutoRenewal("Azz36nUfKX1S1MSF"));
    assert.equal(subscription.isAutoRenewed, false);
    assert.equal(subscription.expiresAt, "2026-03-27T11:54:22.000Z");
  });

  it("a payment method's flags are read as numbers and texts too; what is no flag is none", async () => {
    const isExpired = async (flag: unknown) => (await answered([{ id: 9, is_expired: flag }], (client) => client.paymentMethods.list()))[0]?.isExpired;
    for (const flag of [true, 1, "1", "true"]) assert.equal(await isExpired(flag), true, JSON.stringify(flag));
    for (const flag of [false, 0, "0", "false", null, undefined, "soon", {}]) assert.equal(await isExpired(flag), false, JSON.stringify(flag));
  });

  it("a payment method has expired by its flag alone; by its date where the flag is missing", async () => {
    const past = "2025-03-27T11:54:22Z";
    const read = async (json: object) => {
      const [method] = await answered([{ id: 9, ...json }], (client) => client.paymentMethods.list());
      return [method?.isExpired, method?.expiresAt];
    };
    // The time of the call, and of whom nothing is wrong with (hostinger/api#38).
    for (const expires_at of [past, new Date().toISOString(), new Date(Date.now() + 5_000).toISOString()]) assert.deepEqual(await read({ is_expired: false, expires_at }), [false, null], expires_at);
    assert.deepEqual(await read({ is_expired: false, expires_at: "2095-01-31T00:00:00Z" }), [false, "2095-01-31T00:00:00.000Z"]);
    assert.deepEqual(await read({ is_expired: true, expires_at: "2095-01-31T00:00:00Z" }), [true, "2095-01-31T00:00:00.000Z"]);
    for (const is_expired of [undefined, null, "soon"]) {
      assert.deepEqual(await read({ is_expired, expires_at: past }), [true, "2025-03-27T11:54:22.000Z"]);
      assert.deepEqual(await read({ is_expired, expires_at: "2095-01-31T00:00:00Z" }), [false, "2095-01-31T00:00:00.000Z"]);
      assert.deepEqual(await read({ is_expired, expires_at: "0000-00-00 00:00:00" }), [false, null]);
    }
  });

  it("a payment method does not carry its identifier along", async () => {
    const json = [{ id: 9, name: "Credit Card", identifier: "1234*****6464", payment_method: "card", is_default: true, is_expired: false, is_suspended: true, suspended_at: "2026-06-27T11:54:22Z" }];
    const methods = await answered(json, (client) => client.paymentMethods.list());
    assert.equal(methods[0]?.isDefault, true);
    assert.deepEqual([methods[0]?.isExpired, methods[0]?.isSuspended, methods[0]?.suspendedAt], [false, true, "2026-06-27T11:54:22.000Z"]);
    assert.equal(JSON.stringify(methods).includes("6464"), false);
  });

  it("metrics keep null for what was not measured", async () => {
    const metrics = await answered({ cpu_usage: { unit: "%", usage: { "1742269632": 1.45 } }, ram_usage: null }, (client) => client.virtualMachines.metrics(1, new Date(0), new Date(1)));
    assert.deepEqual(metrics.cpuUsage, { unit: "%", usage: { "1742269632": 1.45 } });
    assert.equal(metrics.ramUsage, null);
    assert.equal(metrics.uptime, null);
  });

  for (const [what, run] of [
    ["a VM's public keys", (client: HostingerClient) => client.virtualMachines.publicKeys(1)],
    ["a snapshot", (client: HostingerClient) => client.virtualMachines.snapshot.get(1)],
  ] as const) {
    it(`404 for ${what} is undefined, other errors stay errors`, async () => {
      await using server = await startApiServer({ status: 404 }, { status: 401 });
      const client = server.client();
      assert.equal(await run(client), undefined);
      await assert.rejects(run(client), /API_UNAUTHORIZED/);
    });
  }
});

describe("paging", () => {
  const keyJson = (id: number) => ({ id, name: `key ${id}`, key: "ssh-ed25519 AAAA" });
  const page = (current_page: number, ids: number[], total: number): Answer => ({ json: { data: ids.map(keyJson), meta: { current_page, per_page: 2, total } } });

  it("goes on until all are there", async () => {
    await using server = await startApiServer(page(1, [1, 2], 5), page(2, [3, 4], 5), page(3, [5], 5));
    const keys = await server.client().publicKeys.list();
    assert.deepEqual(keys.map(({ id }) => id), [1, 2, 3, 4, 5]);
    assert.deepEqual(server.seen.map(({ url }) => url), [1, 2, 3].map((number) => `/api/vps/v1/public-keys?page=${number}`));
  });

  it("asks once for an empty list", async () => {
    await using server = await startApiServer(page(1, [], 0));
    assert.deepEqual(await server.client().publicKeys.list(), []);
    assert.equal(server.seen.length, 1);
  });

  it("names an object once that moved to the next page meanwhile", async () => {
    await using server = await startApiServer(page(1, [1, 2], 3), page(2, [2, 3], 3));
    assert.deepEqual((await server.client().publicKeys.list()).map(({ id }) => id), [1, 2, 3]);
  });

  it("takes a plain array as the whole list", async () => {
    await using server = await startApiServer({ json: [keyJson(1)] });
    assert.equal((await server.client().publicKeys.list()).length, 1);
    assert.equal(server.seen.length, 1);
  });

  it("repeats a page that failed, not the whole list", async () => {
    await using server = await startApiServer(page(1, [1, 2], 3), { status: 503, headers: { "retry-after": "0" } }, page(2, [3], 3));
    assert.equal((await server.client().publicKeys.list()).length, 3);
    assert.equal(server.seen.length, 3);
  });

  it("reads only the first page of a VM's actions unless told, newest first", async () => {
    const actions = (current_page: number, ids: number[]): Answer => ({ json: { data: ids.map((id) => ({ ...actionJson, id })), meta: { current_page, per_page: 2, total: 3 } } });
    await using server = await startApiServer(actions(1, [7, 9]), actions(1, [7, 9]), actions(2, [3]));
    const { virtualMachines } = server.client();
    assert.deepEqual((await virtualMachines.actions(1)).map(({ id }) => id), [9, 7]);
    assert.deepEqual((await virtualMachines.actions(1, { allPages: true })).map(({ id }) => id), [9, 7, 3]);
  });
});

describe("serverTimeOffsetMs", () => {
  it("follows the Date of the last success, and of nothing that may have come from something in front of the API", async () => {
    const date = (offsetMs: number) => ({ date: new Date(Date.now() + offsetMs).toUTCString() });
    await using server = await startApiServer(
      { json: [], headers: date(3_600_000) }, { text: "<html>maintenance</html>", headers: date(-31_536_000_000) }, { status: 502, headers: date(31_536_000_000) }, { json: [], headers: date(-60_000) },
    );
    const client = server.client({ retryLimitMs: 0 });
    const isAbout = (offsetMs: number) => assert.ok(Math.abs(client.serverTimeOffsetMs - offsetMs) < 60_000, String(client.serverTimeOffsetMs));
    assert.equal(client.serverTimeOffsetMs, 0);
    await client.virtualMachines.list();
    isAbout(3_600_000);
    for (let look = 0; look < 2; look++) {
      await assert.rejects(client.virtualMachines.list());
      isAbout(3_600_000);
    }
    await client.virtualMachines.list();
    isAbout(-60_000);
  });
});

describe("a time", () => {
  const expiresAt = (text: unknown) => answered([{ id: "s-1", name: "KVM 1", expires_at: text }], async (client) => (await client.subscriptions.list())[0]?.expiresAt);
  for (const [text, moment] of [
    ["2024-09-15T03:01:00Z", "2024-09-15T03:01:00.000Z"],
    ["2024-09-15T03:01:00.123456Z", "2024-09-15T03:01:00.123Z"],
    ["2024-09-15T03:01:00+02:00", "2024-09-15T01:01:00.000Z"],
    ["2024-09-15 03:01:00-0530", "2024-09-15T08:31:00.000Z"],
    ["2024-09-15 03:01:00", "2024-09-15T03:01:00.000Z"],
    ["2024-09-15T03:01", "2024-09-15T03:01:00.000Z"],
  ] as const) it(`'${text}' is ${moment}, in whatever zone this machine is`, async () => assert.equal(await inZone("America/New_York", () => expiresAt(text)), moment));

  for (const text of ["0000-00-00 00:00:00", "-0001-11-30T00:00:00+00:00", "1970-01-01 00:00:00", "", "2024-13-01 00:00:00", "2024-09-15 25:00:00", "soon", "1", 1_726_369_260, null]) {
    it(`'${text}' is none`, async () => assert.equal(await expiresAt(text), null));
  }
});

async function inZone<T>(zone: string, work: () => Promise<T>): Promise<T> {
  const before = process.env["TZ"];
  process.env["TZ"] = zone;
  try {
    return await work();
  } finally {
    if (before === undefined) delete process.env["TZ"];
    else process.env["TZ"] = before;
  }
}
