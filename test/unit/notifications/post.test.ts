import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "vitest";
import { PostAddress } from "../../../src/notifications/post.ts";
import { leftWith } from "../../support/left-with.ts";

describe("what is posted", () => {
  it("leaves nothing with the signal of who posts again and again", async () => {
    const server = createServer((request, response) => { request.resume().on("end", () => response.end("taken")); });
    await new Promise<void>((resolve) => { server.listen(0, "127.0.0.1", resolve); });
    const address = new PostAddress(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { limitMs: 60_000 });
    const { signal } = new AbortController();
    assert.deepEqual(await address.send({ body: "{}", headers: {} }, signal), { kind: "delivered" });
    assert.equal((await address.look(signal)).answers, true);
    assert.equal(leftWith(signal), 0);
    await address.close();
    await new Promise((resolve) => { server.close(resolve); });
  });

  it("waits as its target asks, in seconds or until a time by the target's own clock, an hour at most", async () => {
    const headers: Record<string, string> = {};
    const server = createServer((request, response) => { request.resume().on("end", () => response.writeHead(503, headers).end()); });
    await new Promise<void>((resolve) => { server.listen(0, "127.0.0.1", resolve); });
    const address = new PostAddress(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { limitMs: 60_000 });
    const date = "Sat, 28 Nov 2026 02:00:00 GMT";
    for (const [asked, seconds] of [["120", 120], ["Sat, 28 Nov 2026 02:05:00 GMT", 300], ["86400", 3_600], ["soon", undefined]] as const) {
      Object.assign(headers, { date, "retry-after": asked });
      const outcome = await address.send({ body: "{}", headers: {} }, new AbortController().signal);
      assert.deepEqual([outcome.kind, "retryAfterSeconds" in outcome && outcome.retryAfterSeconds], ["failed", seconds], asked);
    }
    await address.close();
    await new Promise((resolve) => { server.close(resolve); });
  });
});
