/** What the HTTP side does with those who are connected when it closes. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, it } from "vitest";
import { withListeningApp } from "../support/http-app.ts";
import { asOperator } from "../support/tokens.ts";

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
});
