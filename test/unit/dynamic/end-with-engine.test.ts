/** A dynamic provider's process whose engine was killed: nobody ends it. This test is the engine. */
import grpc from "@grpc/grpc-js";
import service from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import structMessages from "google-protobuf/google/protobuf/struct_pb.js";
import { describe, it } from "vitest";
import { atEnd } from "../../support/at-end.ts";

const CHECKOUT = resolve(import.meta.dirname, "..", "..", "..");
const { Struct } = structMessages;

/** Once the engine is gone it asks twice: something that must not be broken off, and what follows on it. */
const PURCHASE = `exports.handler = () => ({
  create: async ({ url }) => {
    const { engineGoneSignal } = await import(${JSON.stringify(pathToFileURL(join(CHECKOUT, "providers", "core", "engine-liveness.ts")).href)});
    const signal = engineGoneSignal();
    await fetch(url + "begun");
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    await fetch(url + "purchase");
    await fetch(url + "record");
    return { id: "it" };
  },
});`;

async function listening(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  atEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function close(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, "close");
}

async function startProvider(engineAddress: string): Promise<{ readonly child: ChildProcess; readonly client: InstanceType<typeof service.ResourceProviderClient> }> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", join(CHECKOUT, "providers", "dynamic", "main.ts"), engineAddress], { cwd: CHECKOUT, stdio: ["ignore", "pipe", "inherit"] });
  atEnd(() => child.kill("SIGKILL"));
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  const client = new service.ResourceProviderClient(`127.0.0.1:${Number(port.toString())}`, grpc.credentials.createInsecure());
  atEnd(() => client.close());
  return { child, client };
}

describe("a dynamic provider's process whose engine is gone", () => {
  it("ends at once when nothing is under way", async () => {
    const engine = createServer();
    const { child } = await startProvider(await listening(engine));
    await close(engine);
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });

  it("brings to an end what is under way, and ends then", async () => {
    const asked: string[] = [];
    const arrived = new Map<string, (answer: ServerResponse) => void>();
    const world = createServer((request: IncomingMessage, answer) => {
      asked.push(request.url!);
      const wait = arrived.get(request.url!);
      if (wait) wait(answer);
      else answer.end();
    });
    const hold = (path: string) => new Promise<ServerResponse>((held) => arrived.set(path, held));
    const [begun, purchase] = [hold("/begun"), hold("/purchase")];
    const url = `http://${await listening(world)}/`;
    const engine = createServer();
    const { child, client } = await startProvider(await listening(engine));
    const exit = once(child, "exit");
    const request = new messages.CreateRequest().setProperties(Struct.fromJavaScript({ url, __provider: PURCHASE }));
    client.create(request, () => undefined);
    (await begun).end();
    await close(engine);
    (await purchase).end();
    assert.deepEqual(await exit, [0, null]);
    assert.deepEqual(asked, ["/begun", "/purchase", "/record"]);
  });
});
