/** What the HTTP side does with those who are connected when it closes. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import type { FastifyInstance } from "fastify";
import { describe, it } from "vitest";
import { atEnd } from "../support/at-end.ts";
import { withListeningApp } from "../support/http-app.ts";
import { asOperator } from "../support/tokens.ts";
import { until } from "../support/until.ts";

interface BothEnds {
  readonly socket: Socket;
  readonly served: Socket;
}

/** A connection on which this was sent. */
async function begun({ server }: FastifyInstance, address: string, request: string): Promise<BothEnds> {
  const arrived = once(server, "connection") as Promise<[Socket]>;
  const socket = connect(Number(new URL(address).port), "127.0.0.1");
  const [served] = await arrived;
  socket.write(request);
  return { socket, served };
}

describe("closing the HTTP side", () => {
  it("ends a connection that has asked for nothing, at once, and lets a running request finish", async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const { app, address } = await withListeningApp({
      doctor: async () => {
        asked.resolve();
        await answer.promise;
        return undefined;
      },
    });
    const unused = connect(Number(new URL(address).port), "127.0.0.1");
    await once(unused, "connect");
    const running = fetch(`${address}/api/admin/doctor`, { headers: await asOperator() });
    await asked.promise;
    const ended = once(unused, "close");
    const closed = app.close();
    await ended;
    answer.resolve();
    assert.ok((await running).status >= 200, "the running request has its answer");
    await closed;
  });

  it("answers a request that was on its way, on a new connection and on a used one", async () => {
    const { app, address } = await withListeningApp();
    const used = await begun(app, address, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(used.socket, "data");
    const both = [used, await begun(app, address, "")];
    for (const { socket, served } of both) {
      const readBefore = served.bytesRead;
      socket.write("GET /healthz HTTP/1.1\r\nHo");
      await until("its first half", () => served.bytesRead > readBefore);
    }
    const closed = app.close();
    await until("the closing", () => !app.server.listening);
    for (const { socket } of both) {
      const answer = text(socket);
      socket.write("st: x\r\n\r\n");
      assert.match(await answer, /^HTTP\/1\.1 503 [\s\S]*\r\nconnection: close\r\n[\s\S]*"SHUTTING_DOWN"/i);
    }
    await closed;
  });

  it("refuses what still comes in words that a page of another site may read", async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<undefined>();
    const { app, address } = await withListeningApp({
      env: { CORS_ORIGINS: "https://app.example.com" },
      doctor: async () => {
        asked.resolve();
        return await answer.promise;
      },
    });
    // In place of a connection that is still open.
    const open = createServer(app.routing);
    await once(open.listen(0, "127.0.0.1"), "listening");
    atEnd(async () => void open.close());
    const running = fetch(`${address}/api/admin/doctor`, { headers: await asOperator() });
    await asked.promise;
    const closed = app.close();
    const status = () => fetch(`http://127.0.0.1:${(open.address() as AddressInfo).port}/api/vps/status`, { headers: { origin: "https://app.example.com", connection: "close" } });
    const refused = await until("the refusal", async () => {
      const one = await status();
      return one.status === 503 ? one : (await one.text(), undefined);
    });
    assert.equal((await refused.json() as { error: { code: string } }).error.code, "SHUTTING_DOWN");
    assert.deepEqual([refused.headers.get("access-control-allow-origin"), refused.headers.get("retry-after")], ["https://app.example.com", "1"]);
    answer.resolve(undefined);
    await running;
    await closed;
  });
});
