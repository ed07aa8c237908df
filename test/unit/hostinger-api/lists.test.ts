/** Lists of the API as they should be, and as they may be: odd entries, pages that do not say how many there are, an end that moves. */
import assert from "node:assert/strict";
import { describe, it } from "vitest";
import type { PostInstallScript } from "../../../providers/hostinger/api/client.ts";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { startApiServer, vmJson } from "./api-server.ts";
import type { ApiServer } from "./api-server.ts";

const VM_PATH = "/api/vps/v1/virtual-machines";

describe("the list of VMs", () => {
  const cases: [what: string, odd: object, hostname: string | null][] = [
    ["no state", { state: null }, "bob.spoq.dev"], ["an empty state", { state: "" }, "bob.spoq.dev"], ["a host name that is no text", { hostname: 7 }, null],
    ["an address that is none", { ipv4: [{ id: null, address: null, ptr: null }] }, "bob.spoq.dev"], ["a text for addresses", { ipv4: "" }, "bob.spoq.dev"],
  ];
  for (const [what, odd, hostname] of cases) {
    it(`with one entry of ${what} is a list of the others, and tells what of that one can be read`, async () => {
      await using server = await startApiServer({ json: [{ ...vmJson, id: 1 }, { ...vmJson, id: 2, hostname: "Bob.spoq.dev", subscription_id: "s2", ...odd }, { ...vmJson, id: 3 }] });
      const { vms, odd: [entry, ...more] } = await server.client().virtualMachines.listEntries();
      assert.deepEqual([vms.map(({ id }) => id), more], [[1, 3], []]);
      assert.deepEqual([entry!.id, entry!.hostname, entry!.subscriptionId], [2, hostname, "s2"]);
      assert.match(entry!.why, new RegExp(Object.keys(odd)[0]!));
      assert.deepEqual((await server.client().virtualMachines.list()).map(({ id }) => id), [1, 3]);
    });
  }

  it("with entries that are nothing at all, or have no id, is a list of the others", async () => {
    await using server = await startApiServer({ json: [null, "text", { ...vmJson, id: 1 }, { ...vmJson, id: null, hostname: "carol.spoq.dev" }, { ...vmJson, id: "17" }] });
    const { vms, odd } = await server.client().virtualMachines.listEntries();
    assert.deepEqual(vms.map(({ id }) => id), [1]);
    assert.deepEqual(odd.map(({ id, hostname }) => [id, hostname]), [[null, null], [null, null], [null, "carol.spoq.dev"], [null, "alice.spoq.dev"]]);
  });

  it("takes odd values in fields that nobody relies on", async () => {
    for (const odd of [{ template: "" }, { hostname: null }]) {
      await using server = await startApiServer({ json: [{ ...vmJson, id: 1 }, { ...vmJson, id: 2, ...odd }] });
      const { vms, odd: left } = await server.client().virtualMachines.listEntries();
      assert.deepEqual([vms.map(({ id }) => id), left], [[1, 2], []], JSON.stringify(odd));
    }
  });

  it("that is a page of something in front of the API passes: it is asked for again", async () => {
    await using server = await startApiServer({ text: "<html>maintenance</html>", headers: { "content-type": "text/html" } }, { json: [vmJson] });
    assert.equal((await server.client().virtualMachines.list()).length, 1);
    assert.deepEqual(server.seen.map(({ url }) => url), [VM_PATH, VM_PATH]);
  });

  it("may be longer than 16 MiB, as of 20,000 VMs", async () => {
    const json = Array.from({ length: 20_000 }, (_, index) => ({ ...vmJson, id: index + 1, template: { ...vmJson.template, description: "x".repeat(600) } }));
    assert.ok(JSON.stringify(json).length > 16 * 1_024 * 1_024);
    await using server = await startApiServer({ json });
    assert.equal((await server.client().virtualMachines.list()).length, 20_000);
  });
});

describe("lists of what is sold and paid", () => {
  const price = { id: "item-1", name: "KVM 1", currency: "USD", price: 1_399, first_period_price: 499, period: 1, period_unit: "month" };
  const lists: [what: string, good: object, odd: unknown[], read: (api: ReturnType<ApiServer["client"]>) => Promise<readonly unknown[]>][] = [
    ["the catalog", { id: "kvm1", name: "KVM 1", category: "VPS", prices: [price] }, [null, { id: null, prices: [price] }], (api) => api.catalog.list()],
    ["data centers", { id: 9, name: "uk", location: "uk", city: "Manchester", continent: "Europe" }, ["", { id: "9" }], (api) => api.dataCenters.list()],
    ["templates", { id: 1007, name: "Ubuntu" }, [7, { name: "Debian" }], (api) => api.templates.list()],
    ["payment methods", { id: 9, is_default: true }, [null, { id: "card" }], (api) => api.paymentMethods.list()],
  ];
  for (const [what, good, odd, read] of lists) {
    it(`${what}: an entry that cannot be read is left out; one of nothing else is no list`, async () => {
      await using server = await startApiServer({ json: [odd[0], good, odd[1]] }, { json: odd }, { json: [] });
      assert.equal((await read(server.client())).length, 1);
      await assert.rejects(read(server.client()), (error) => error instanceof UserVpsError && error.code === "API_ANSWER_UNEXPECTED");
      assert.deepEqual(await read(server.client()), []);
    });
  }

  it("a price that is no whole number of cents is not known", async () => {
    const prices = [499.5, -1, "499", null, 2 ** 31].map((first_period_price) => ({ ...price, first_period_price }));
    await using server = await startApiServer({ json: [{ id: "kvm1", name: "KVM 1", category: "VPS", prices }] });
    assert.deepEqual((await server.client().catalog.list())[0]?.prices.map(({ priceCents, firstPeriodPriceCents }) => [priceCents, firstPeriodPriceCents]), prices.map(() => [1_399, null]));
  });

  it("a price that cannot be read leaves the others, and the item", async () => {
    await using server = await startApiServer({ json: [{ id: "kvm1", prices: [{ ...price, id: null }, price] }, { id: "kvm2", prices: "" }] });
    assert.deepEqual((await server.client().catalog.list()).map(({ id, prices }) => [id, prices.map((one) => one.id)]), [["kvm1", ["item-1"]], ["kvm2", []]]);
  });

  it("a subscription whose state or renewal cannot be read counts as one that runs and is renewed", async () => {
    await using server = await startApiServer({ json: [{ id: "s1", status: null, is_auto_renewed: null }, { id: "s2", status: "active", is_auto_renewed: false }] });
    assert.deepEqual((await server.client().subscriptions.list()).map(({ id, status, isAutoRenewed }) => [id, status, isAutoRenewed]), [["s1", "unknown", true], ["s2", "active", false]]);
  });
});

describe("pages", () => {
  const scriptJson = (id: number) => ({ id, name: `script ${id}`, content: "c", created_at: "2026-01-01T00:00:00Z", updated_at: "" });
  const PER_PAGE = 50;
  /** Serves pages of these ids; `meta` says what the page tells of itself. */
  const serve = (idsOf: () => readonly number[], meta: (page: number, total: number) => unknown) => startApiServer(({ url }) => {
    const page = Number(new URL(url, "http://x").searchParams.get("page"));
    const ids = idsOf();
    return { json: { data: ids.slice((page - 1) * PER_PAGE, page * PER_PAGE).map(scriptJson), meta: meta(page, ids.length) } };
  });
  const ascending = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
  const usual = (page: number, total: number) => ({ current_page: page, per_page: PER_PAGE, total });
  const asText = (page: number, total: number) => ({ current_page: String(page), per_page: String(PER_PAGE), total: String(total) });
  const none = () => undefined;
  const otherNames = (page: number, total: number) => ({ currentPage: page, perPage: PER_PAGE, total });

  for (const [what, meta] of [["numbers", usual], ["numbers as texts", asText], ["nothing", none], ["other names", otherNames]] as const) {
    it(`that tell ${what} of themselves are read to the end`, async () => {
      await using server = await serve(() => ascending(120), meta);
      assert.equal((await server.client().scripts.list()).length, 120);
    });
  }

  const incomplete = (told: RegExp) => (error: unknown) => error instanceof UserVpsError && error.code === "API_LIST_INCOMPLETE" && told.test(error.message);

  it("that repeat, or are empty, before they have shown what they tell of are an error, and not a short list", async () => {
    await using repeating = await startApiServer(() => ({ json: { data: ascending(PER_PAGE).map(scriptJson), meta: usual(1, 120) } }));
    await assert.rejects(repeating.client().scripts.list(), incomplete(/page 2 brings nothing new, and 50 are not all of 120/));
    assert.equal(repeating.seen.length, 2);
    await using empty = await serve(() => ascending(PER_PAGE), (page) => usual(page, 120));
    await assert.rejects(empty.client().scripts.list(), incomplete(/page 2 brings nothing new/));
  });

  it("of which one was removed while they were read end where they tell", async () => {
    let count = 101;
    await using server = await serve(() => ascending(count), (page) => usual(page, page === 3 ? (count = 100) : 101));
    assert.equal((await server.client().scripts.list()).length, 101);
  });

  const newest = async (server: ApiServer, more: Partial<Parameters<ReturnType<ApiServer["client"]>["scripts"]["newest"]>[0]> = {}) =>
    (await server.client().scripts.newest({ leastPages: 1, mostPages: 10, isOldEnough: () => false, ...more })).map(({ id }) => id);
  const pagesOf = (server: ApiServer) => server.seen.map(({ url }) => Number(new URL(url, "http://x").searchParams.get("page")));

  for (const [order, idsOf] of [["ascending", () => ascending(480)], ["descending", () => ascending(480).reverse()]] as const) {
    it(`are read from the newest back, only as far as it matters, whether ids are ${order}`, async () => {
      await using server = await serve(idsOf, usual);
      const isOldEnough = ({ id }: PostInstallScript) => id <= 400;
      const ids = await newest(server, { isOldEnough });
      assert.deepEqual(ids.filter((id) => id > 400), ascending(480).slice(400).reverse());
      assert.ok(pagesOf(server).length <= 4, String(pagesOf(server)));
    });
  }

  it("are found at once by whoever has read them before, also when the list has grown", async () => {
    let count = 480;
    await using server = await serve(() => ascending(count), usual);
    const { scripts } = server.client();
    const look = async () => (await scripts.newest({ leastPages: 1, mostPages: 10, isOldEnough: () => true })).map(({ id }) => id);
    assert.equal((await look())[0], 480);
    count = 530;
    server.seen.splice(0);
    assert.equal((await look())[0], 530);
    assert.ok(pagesOf(server).length <= 2, String(pagesOf(server)));
  });

  it("that do not tell where they end are an error, never 'nothing there'", async () => {
    for (const meta of [none, otherNames]) {
      await using server = await serve(() => ascending(120), meta);
      await assert.rejects(newest(server), incomplete(/does not tell how many there are/));
    }
  });

  it("whose end moves on and on, that are not in order, hold less than they say, or are too many are errors as well", async () => {
    let count = 120;
    await using growing = await serve(() => ascending((count += PER_PAGE)), usual);
    await assert.rejects(newest(growing), incomplete(/its end moves/));
    await using mixed = await serve(() => ascending(120).map((id) => (id * 7) % 127), usual);
    await assert.rejects(newest(mixed), incomplete(/not in the order of its ids/));
    await using empty = await serve(() => [], () => ({ current_page: 1, per_page: PER_PAGE, total: 120 }));
    await assert.rejects(newest(empty), incomplete(/holds 0 of 120/));
    await using shifted = await serve(() => ascending(120), (_page, total) => usual(1, total));
    await assert.rejects(newest(shifted), incomplete(/calls itself page 1/));
    await using many = await serve(() => ascending(1_000), usual);
    await assert.rejects(newest(many, { mostPages: 3 }), incomplete(/3 pages are not enough/));
  });

  it("of which one shows fewer, or one twice, than it tells are asked for again, and an error in the end: what is hidden may be an open purchase", async () => {
    for (const [what, cut] of [["fewer", (ids: readonly number[]) => ids.slice(0, 10)], ["one twice", (ids: readonly number[]) => ids.map((id) => (id === 7 ? 6 : id))]] as const) {
      for (const total of [30, 80]) {
        let asked = 0;
        await using once = await serve(() => (asked++ === 0 ? cut(ascending(total)) : ascending(total)), (page) => usual(page, total));
        assert.deepEqual(await newest(once), ascending(total).reverse(), what);
        await using ever = await startApiServer(({ url }) => {
          const page = Number(new URL(url, "http://x").searchParams.get("page"));
          return { json: { data: cut(ascending(total)).slice((page - 1) * PER_PAGE, page * PER_PAGE).map(scriptJson), meta: usual(page, total) } };
        });
        await assert.rejects(newest(ever), incomplete(/page 1 holds (10|29|49) of (30|80), expected (30|50)/));
        assert.equal(ever.seen.length, 3);
      }
    }
  });

  it("that get shorter at the newest end while they are read are an error: something may have been passed over", async () => {
    let count = 480;
    await using server = await serve(() => ascending(count--).reverse(), usual);
    await assert.rejects(newest(server), incomplete(/got shorter/));
  });
});
