/** What the HTTP side does with those who are connected when it closes. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { describe, it } from "vitest";
import { atEnd } from "../support/at-end.ts";
import { withListeningApp } from "../support/http-app.ts";
import { asOperator } from "../support/tokens.ts";
import { until } from "../support/until.ts";

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
