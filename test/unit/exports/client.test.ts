/** `user-vps/client`, where what answers is not the service itself. */
import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { ApiRefusal, createClient, dataOf, eachItem } from "user-vps/client";

const answering = (body: string, status: number, type?: string) => createClient({ url: "https://vps.example.com", fetch: async () => new Response(body, { status, headers: type === undefined ? {} : { "content-type": type } }) });
const refusalOf = async (client: ReturnType<typeof createClient>) => {
  const error = await dataOf(client.GET("/api/vps/status")).then(() => undefined, (thrown: unknown) => thrown);
  assert.ok(error instanceof ApiRefusal, String(error));
  return error;
};

describe("the client", () => {
  it("says so where a proxy refuses in its own words", async () => {
    for (const [body, type] of [['{"error":"Bad Gateway","statusCode":502}', "application/json"], ['{"error":{"message":"no upstream"}}', "application/json"], ["<h1>502</h1>", "text/html"], ["null", "application/json"]] as const) {
      const { code, message, status } = await refusalOf(answering(body, 502, type));
      assert.deepEqual([code, message, status], ["UNEXPECTED", "The service answered 502.", 502], body);
    }
  });

  it("says so where a page answers in place of the service", async () => {
    const { code, message, status } = await refusalOf(answering("<title>Sign in</title>", 200, "text/html; charset=utf-8"));
    assert.deepEqual([code, status], ["UNEXPECTED", 200]);
    assert.match(message, /answered 200 with text\/html.*JSON was expected/);
  });

  it("hands on what the service refuses, what it answers without a body, and files as they are wanted", async () => {
    const { code, next } = await refusalOf(answering('{"error":{"code":"VPS_NOT_FOUND","message":"m","next":"n","requestId":"r"}}', 404, "application/json; charset=utf-8"));
    assert.deepEqual([code, next], ["VPS_NOT_FOUND", "n"]);
    const empty = createClient({ url: "https://vps.example.com", fetch: async () => new Response(null, { status: 204 }) });
    assert.equal(await dataOf(empty.POST("/api/vps/credentials/acknowledge", {})), undefined);
    const file = answering("a,b\r\n", 200, "text/csv; charset=utf-8");
    assert.equal(await dataOf(file.GET("/api/admin/export/users", { parseAs: "text" }) as Promise<{ data?: unknown; response: Response }>), "a,b\r\n");
  });
});

describe("each item of a list", () => {
  const pages = (total: number, size: number) => async (cursor: string | undefined) => {
    const first = Number(cursor ?? 0);
    const end = Math.min(first + size, total);
    return { items: Array.from({ length: end - first }, (_, at) => first + at), nextCursor: end < total ? String(end) : null };
  };
  const all = async (readPage: ReturnType<typeof pages>) => {
    const items: number[] = [];
    for await (const item of eachItem(readPage)) items.push(item);
    return items;
  };

  it("comes once and in order, however long the list is and however short its pages", async () => {
    for (const [total, size] of [[0, 50], [7, 50], [100, 50], [30_000, 50], [100_050, 200]] as const) {
      const items = await all(pages(total, size));
      assert.equal(items.length, total);
      assert.ok(items.every((item, at) => item === at));
    }
  });

  it("is no endless list where a cursor comes again: that is an error, which names it", async () => {
    const asked: (string | undefined)[] = [];
    const round = async (cursor: string | undefined) => {
      asked.push(cursor);
      if (asked.length > 10) assert.fail("it goes on and on");
      return { items: [asked.length], nextCursor: cursor === "b" ? "a" : cursor === "a" ? "b" : "a" };
    };
    await assert.rejects(all(round), /no end.*cursor a was read already/);
    assert.deepEqual(asked, [undefined, "a", "b"]);
  });
});
