/** examples/webhook-receiver by itself: what it refuses. That it takes the service's messages is in notifications-delivery. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";
import { describe, it } from "vitest";
import { startReceiver } from "../support/receiver-process.ts";

const KEY = Buffer.from("fake-secret-of-webhooks-for-tests");
const WEBHOOK_SECRET = `whsec_${KEY.toString("base64")}`;

async function post(port: number, body: string, key = KEY): Promise<number> {
  const seconds = String(Math.floor(Date.now() / 1_000));
  const signature = `v1,${createHmac("sha256", key).update(`msg_1.${seconds}.${body}`).digest("base64")}`;
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body, headers: { "webhook-id": "msg_1", "webhook-timestamp": seconds, "webhook-signature": signature } });
  return answer.status;
}

describe("the example's receiver", () => {
  it("goes on after a request that breaks off, and after a message that is no JSON", async () => {
    const { port, taken } = await startReceiver<{ type: string }>("webhook", { WEBHOOK_SECRET });
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.end("POST / HTTP/1.1\r\nhost: receiver\r\ncontent-length: 100\r\n\r\nabc");
    await once(socket.resume(), "close");
    assert.equal(await post(port, "no JSON"), 400);
    assert.equal(await post(port, '{"type":"test"}'), 204);
    assert.equal(await post(port, '{"type":"test"}', Buffer.alloc(0)), 401);
    for (let look = 0; taken.length === 0 && look < 100; look++) await setTimeout(50);
    assert.deepEqual(taken.map(({ type }) => type), ["test"]);
  });

  for (const [what, secret] of [["without a secret", {}], ["with a short one", { WEBHOOK_SECRET: `whsec_${Buffer.from("fake-short-secret").toString("base64")}` }]] as const) {
    it(`does not start ${what}`, () => assert.rejects(startReceiver("webhook", secret), /Set WEBHOOK_SECRET/));
  }
});
