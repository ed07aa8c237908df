import assert from "node:assert/strict";
import dns from "node:dns";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterEach, describe, it, vi } from "vitest";
import { emailSender } from "../../../src/notifications/email.ts";
import { HOUR_MS, SECOND_MS } from "../../../providers/core/time.ts";
import { until } from "../../support/until.ts";

const message = { messageId: "m1", ordering: "", events: [{ type: "test", username: "alice", at: "2026-11-27T12:00:00.000Z", data: {} }] } as never;
const never = new AbortController().signal;

/** Nobody answers what a name is, whichever way it is asked for, before `answer` does. */
function silentNames(): { readonly asked: () => boolean; answer(address: string): void } {
  const waiting: ((error: null, answer: unknown, family?: number) => void)[] = [];
  const hold = ((...args: unknown[]) => { waiting.push(args.at(-1) as never); }) as never;
  vi.spyOn(dns, "lookup").mockImplementation(hold);
  vi.spyOn(dns.Resolver.prototype, "resolve4").mockImplementation(hold);
  vi.spyOn(dns.Resolver.prototype, "resolve6").mockImplementation(hold);
  return { asked: () => waiting.length > 0, answer: (address) => waiting.forEach((tell) => tell(null, [{ address, family: 4 }])) };
}

const mailAt = (port: number, limitMs: number) => emailSender({ format: "email", name: "mail", to: ["a@example.com"], from: "vps@example.com", smtp: `smtp://mail.example.com:${port}`, events: ["*"] }, { limitMs });

afterEach(() => void vi.restoreAllMocks());

describe("a mail server whose name is not answered", () => {
  it("fails the try at its limit, and does nothing else to the process", async () => {
    silentNames();
    const sender = mailAt(25, 50);
    assert.deepEqual(await sender.look(never), { answers: false, said: "no answer within 0.1 s" });
    assert.deepEqual(await sender.send(message, never), { kind: "failed", error: "no answer within 0.1 s" });
    await sender.close();
  });

  it("is not waited for by who is to end", { timeout: 20 * SECOND_MS }, async () => {
    const names = silentNames();
    const sender = mailAt(25, HOUR_MS);
    const ending = new AbortController();
    const sent = sender.send(message, ending.signal);
    sent.catch(() => undefined);
    const looked = sender.look(never);
    await until("the name to be asked for", names.asked);
    ending.abort(new Error("the worker ends"));
    await assert.rejects(sent, /the worker ends/);
    await sender.close();
    assert.equal((await looked).answers, false);
  });

  it("is left alone when the answer comes later", async () => {
    let connections = 0;
    const server = createServer((socket) => { connections++; socket.on("error", () => undefined).resume().end("421 no\r\n"); });
    await new Promise<void>((resolve) => { server.listen(0, "127.0.0.1", resolve); });
    const { port } = server.address() as AddressInfo;
    const names = silentNames();
    const sender = mailAt(port, 50);
    assert.equal((await sender.send(message, never)).kind, "failed");
    names.answer("127.0.0.1");
    vi.restoreAllMocks();
    const other = emailSender({ format: "email", name: "other", to: ["a@example.com"], from: "vps@example.com", smtp: `smtp://127.0.0.1:${port}`, events: ["*"] }, { limitMs: HOUR_MS });
    await other.look(never);
    assert.equal(connections, 1);
    await new Promise((resolve) => { server.close(resolve); });
  });
});
