import assert from "node:assert/strict";
import http2 from "node:http2";
import { createServer, type AddressInfo, type Server } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "vitest";
import { engineAddressOf, engineGoneSignal, watchEngine } from "../../../providers/core/engine-liveness.ts";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { atEnd } from "../../support/at-end.ts";

const SCRIPT = "/project/node_modules/@pulumi/pulumi/cmd/dynamic-provider/index.js";

async function listen<Kind extends Server>(server: Kind): Promise<{ server: Kind; address: string; close(): Promise<void> }> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEnd(() => server.close());
  return {
    server,
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

const abortOf = (signal: AbortSignal) => new Promise<unknown>((resolve) => {
  if (signal.aborted) return resolve(signal.reason);
  signal.addEventListener("abort", () => resolve(signal.reason), { once: true });
});

function assertCancelled(reason: unknown, text: RegExp): void {
  assert.ok(reason instanceof UserVpsError);
  assert.equal(reason.code, "CANCELLED");
  assert.match(reason.message, text);
}

describe("engineAddressOf", () => {
  it("is the last argument of a dynamic provider process", () => assert.equal(engineAddressOf(["node", SCRIPT, "127.0.0.1:4711"]), "127.0.0.1:4711"));
  it("knows the script's path on Windows and without its file name", () => {
    assert.equal(engineAddressOf(["node", "C:\\p\\node_modules\\@pulumi\\pulumi\\cmd\\dynamic-provider", "127.0.0.1:1"]), "127.0.0.1:1");
  });
  it("is unknown in another process, even with such an argument", () => assert.equal(engineAddressOf(["node", "/project/src/main.ts", "127.0.0.1:4711"]), undefined));
  it("is unknown without an address", () => assert.equal(engineAddressOf(["node", SCRIPT]), undefined));
});

describe("watchEngine", () => {
  it("never aborts without an engine", async () => {
    const signal = watchEngine(undefined, { intervalMs: 1 });
    await delay(15);
    assert.equal(signal.aborted, false);
    assert.equal(engineGoneSignal(), engineGoneSignal());
    assert.equal(engineGoneSignal().aborted, false);
  });

  it("does not abort while the engine listens, and aborts once it is gone", async () => {
    const engine = await listen(createServer((socket) => socket.on("error", () => {}).resume()));
    let goneCalls = 0;
    const signal = watchEngine(engine.address, { intervalMs: 10, onGone: () => goneCalls++ });
    await delay(80);
    assert.equal(signal.aborted, false);
    await engine.close();
    assertCancelled(await abortOf(signal), /engine that waited for this is gone/);
    await delay(40);
    assert.equal(goneCalls, 1);
  });

  it("aborts when the engine calls Cancel on this process, as it does on Ctrl-C, and on no other call", async () => {
    const engine = await listen(createServer((socket) => socket.on("error", () => {}).resume()));
    const provider = http2.createServer((_request, answer) => answer.end());
    await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", resolve));
    const client = http2.connect(`http://127.0.0.1:${(provider.address() as AddressInfo).port}`);
    const call = (path: string) => new Promise<void>((resolve, reject) => {
      client.request({ ":path": path, ":method": "POST" }).on("error", reject).on("close", resolve).resume().end();
    });
    let gone = false;
    const signal = watchEngine(engine.address, { intervalMs: 10, onGone: () => { gone = true; } });
    try {
      await call("/pulumirpc.ResourceProvider/Check");
      assert.equal(signal.aborted, false);
      await call("/pulumirpc.ResourceProvider/Cancel");
      assertCancelled(signal.reason, /engine was asked to stop/);
      assert.equal(gone, false);
    } finally {
      client.close();
      await new Promise((resolve) => provider.close(resolve));
      await engine.close();
    }
    for (let i = 0; i < 100 && !gone; i++) await delay(10);
    assert.equal(gone, true);
  });

  it("does not abort when the engine cancels the connections of its refresh while the update goes on by others, in either order", async () => {
    const engine = await listen(createServer((socket) => socket.on("error", () => {}).resume()));
    const provider = http2.createServer((_request, answer) => answer.end());
    await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", resolve));
    const connection = () => {
      const client = http2.connect(`http://127.0.0.1:${(provider.address() as AddressInfo).port}`);
      const call = (method: string) => new Promise<void>((resolve, reject) => {
        client.request({ ":path": `/pulumirpc.ResourceProvider/${method}`, ":method": "POST" }).on("error", reject).on("close", resolve).resume().end();
      });
      return { call, close: () => new Promise<void>((resolve) => { if (client.closed) resolve(); else client.close(resolve); }) };
    };
    const left = new AbortController();
    const refresh = connection();
    const update = connection();
    try {
      await refresh.call("Attach");
      await update.call("Attach");
      const signal = watchEngine(engine.address, { until: left.signal });
      await refresh.call("Cancel");
      await update.call("Create");
      assert.equal(signal.aborted, false);
      await refresh.close();
      await update.call("Update");
      assert.equal(signal.aborted, false);
      await update.call("Cancel");
      assertCancelled(await abortOf(signal), /engine was asked to stop/);
    } finally {
      left.abort();
      await Promise.all([refresh.close(), update.close()]);
      await new Promise((resolve) => provider.close(resolve));
      await engine.close();
    }
  });
});
