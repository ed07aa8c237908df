/** Beside the SDK's own provider process: whatever that answers, ours answers. */
import grpc from "@grpc/grpc-js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import service from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import structMessages from "google-protobuf/google/protobuf/struct_pb.js";
import { afterAll, beforeAll, describe, it } from "vitest";
import { serveDynamicProvider } from "../../../providers/dynamic/dynamic-provider.ts";

const CHECKOUT = resolve(import.meta.dirname, "..", "..", "..");
const SDKS = createRequire(import.meta.url).resolve("@pulumi/pulumi/cmd/dynamic-provider/index.js");
const OURS = join(CHECKOUT, "providers", "dynamic", "main.ts");
const { Struct } = structMessages;

/** A stranger's provider, which tells how it was configured. */
const FOREIGN = `exports.handler = () => {
  let greeting;
  return {
    configure: async ({ config }) => { greeting = [config.get("greeting"), config.get("other:place"), config.get("none")].join(); },
    check: async (olds, news) => ({ inputs: { ...news, checked: true }, failures: news.bad ? [{ property: "bad", reason: "is bad" }] : [] }),
    diff: async (id, olds, news) => (news.unclear ? {} : { changes: olds.size !== news.size, replaces: olds.size > news.size ? ["size"] : [], deleteBeforeReplace: true }),
    create: async (inputs) => {
      if (inputs.size === 13) throw Object.assign(new Error("half made"), { id: "half", properties: { size: 13 }, reasons: ["unlucky"] });
      if (inputs.size === 14) throw new Error("not made");
      const said = { odd: "ODD: half of \\ud83d. Next: look.", long: "LONG: " + "x".repeat(300000) + " Next: look." }[inputs.said];
      if (said) throw Object.assign(new Error(said), inputs.id && { id: inputs.id, properties: { size: 1 }, reasons: [said] });
      return { id: "it", outs: { ...inputs, greeting, path: require("node:path").sep } };
    },
    read: async (id, props) => ({ id, props: { ...props, read: true }, inputs: { size: 5 } }),
    update: async (id, olds, news) => ({ outs: { ...news, was: olds.size } }),
    delete: async (id, props) => { if (props.stuck) throw new Error("stuck"); },
  };
};`;
const BARE = "exports.handler = () => ({ create: async () => ({ id: 'bare' }) });";

interface Started { readonly child: ChildProcess; readonly client: Client }
type Client = InstanceType<typeof service.ResourceProviderClient>;

function clientOf(port: number): Client {
  return new service.ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
}

async function start(script: string, engineAddress: string): Promise<Started> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script, engineAddress], { cwd: CHECKOUT, env: { PATH: process.env["PATH"], PULUMI_NODEJS_PROJECT: "project" }, stdio: ["ignore", "pipe", "ignore"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { child, client: clientOf(Number(line.toString())) };
}

/** What came back, error and its details included, as plain values. */
function call(client: Client, method: string, request: unknown): Promise<unknown> {
  const methods = client as unknown as Record<string, (request: unknown, callback: (error: grpc.ServiceError | null, answer?: { toObject(): unknown }) => void) => void>;
  return new Promise((done) => {
    methods[method]!.call(client, request, (error, answer) => {
      if (!error) return done(answer?.toObject());
      const details = error.metadata.get("grpc-status-details-bin").map((bytes) => Buffer.from(bytes).toString("base64"));
      done({ code: error.code, message: error.details, details });
    });
  });
}

const struct = (value: object) => Struct.fromJavaScript(value as Parameters<typeof Struct.fromJavaScript>[0]);
const properties = (value: object, text = FOREIGN) => struct({ ...value, __provider: text });
const SECRET = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value: "hello" };
const configuration = (greeting: unknown) => new messages.ConfigureRequest().setArgs(struct({ "project:greeting": greeting, "other:place": "world" }));

const CALLS: readonly [string, string, unknown][] = [
  ["configures with a secret", "configure", configuration(SECRET)],
  ["checks", "check", new messages.CheckRequest().setOlds(struct({})).setNews(properties({ size: 1 }))],
  ["tells what is wrong", "check", new messages.CheckRequest().setOlds(struct({})).setNews(properties({ bad: 1 }))],
  ["checks by the old provider while the new one is not known", "check", new messages.CheckRequest().setOlds(properties({})).setNews(properties({}, "04da6b54-80e4-46f7-96ec-b56ff0331ba9"))],
  ["checks without a check", "check", new messages.CheckRequest().setOlds(struct({})).setNews(properties({ a: [1, { b: null }] }, BARE))],
  ["finds no difference", "diff", new messages.DiffRequest().setId("it").setOlds(properties({ size: 1 })).setNews(properties({ size: 1 }))],
  ["finds a difference that replaces", "diff", new messages.DiffRequest().setId("it").setOlds(properties({ size: 2 })).setNews(properties({ size: 1 }))],
  ["does not know", "diff", new messages.DiffRequest().setId("it").setOlds(properties({})).setNews(properties({ unclear: true }))],
  ["does not compare without a diff", "diff", new messages.DiffRequest().setId("it").setOlds(properties({}, BARE)).setNews(properties({}, BARE))],
  ["creates", "create", new messages.CreateRequest().setProperties(properties({ size: 1 }))],
  ["creates without outputs", "create", new messages.CreateRequest().setProperties(properties({}, BARE))],
  ["keeps what was half made", "create", new messages.CreateRequest().setProperties(properties({ size: 13 }))],
  ["fails to create", "create", new messages.CreateRequest().setProperties(properties({ size: 14 }))],
  ["reads", "read", new messages.ReadRequest().setId("it").setProperties(properties({ size: 1 }))],
  ["reads without a read", "read", new messages.ReadRequest().setId("it").setProperties(properties({ size: 1 }, BARE))],
  ["updates", "update", new messages.UpdateRequest().setId("it").setOlds(properties({ size: 1 })).setNews(properties({ size: 2 }))],
  ["updates without an update", "update", new messages.UpdateRequest().setId("it").setOlds(properties({}, BARE)).setNews(properties({ size: 2 }, BARE))],
  ["deletes", "delete", new messages.DeleteRequest().setId("it").setProperties(properties({}))],
  ["fails to delete", "delete", new messages.DeleteRequest().setId("it").setProperties(properties({ stuck: true }))],
  ["tells the SDK's version", "getPluginInfo", new (createRequire(import.meta.url)("google-protobuf/google/protobuf/empty_pb.js") as { Empty: new () => unknown }).Empty()],
];

describe("the dynamic provider's process", () => {
  let sdks: Started;
  let ours: Started;
  // Neither speaks to it; without one, ours would end.
  const engine = createServer();
  beforeAll(async () => {
    engine.listen(0, "127.0.0.1");
    await once(engine, "listening");
    const address = `127.0.0.1:${(engine.address() as AddressInfo).port}`;
    [sdks, ours] = await Promise.all([start(SDKS, address), start(OURS, address)]);
  });
  afterAll(async () => {
    for (const { child, client } of [sdks, ours]) {
      client.close();
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    engine.close();
  });

  for (const [what, method, request] of CALLS) {
    it(`${what}, as the SDK's does`, async () => {
      const expected = await call(sdks.client, method, request);
      assert.ok(expected !== undefined);
      assert.deepEqual(await call(ours.client, method, request), expected);
    });
  }

  for (const [what, said, told] of [
    ["half a character", "odd", /^ODD: half of \ufffd\. Next: look\.$/],
    ["more than a header takes", "long", /^LONG: x{2000,}… x{500,} Next: look\.$/],
  ] as const) {
    it(`answers with an error that has ${what}, and goes on`, async () => {
      for (const id of [undefined, "half"]) {
        const { code, message, details } = (await call(ours.client, "create", new messages.CreateRequest().setProperties(properties({ said, ...(id && { id }) })))) as { code: number; message: string; details: string[] };
        assert.deepEqual([code, told.test(message), details.length], [grpc.status.UNKNOWN, true, id ? 1 : 0], message.slice(0, 200));
      }
      assert.ok("id" in ((await call(ours.client, "create", new messages.CreateRequest().setProperties(properties({ size: 1 })))) as object));
    });
  }

  it("loads neither TypeScript nor npm's dependency tree", async () => {
    const list = `process.on("exit", () => { for (const file of Object.keys(require.cache)) if (/node_modules.(typescript|@npmcli)/.test(file)) console.log(file); }); import(${JSON.stringify(OURS)}).then(() => process.exit())`;
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "-e", list, "--", "x", "127.0.0.1:1"], { cwd: CHECKOUT, stdio: ["ignore", "pipe", "inherit"] });
    let printed = "";
    child.stdout.on("data", (text: Buffer) => { printed += text.toString(); });
    await once(child, "close");
    assert.match(printed, /^\d+\n$/, "its port, and no file");
  });
});

describe("a dynamic provider that is attached to", () => {
  it("tells the engine's address", async () => {
    const attached: string[] = [];
    const provider = await serveDynamicProvider({ project: "project", onAttach: (address) => void attached.push(address) });
    const client = clientOf(provider.port);
    try {
      await call(client, "attach", new pluginMessages.PluginAttach().setAddress("127.0.0.1:4711"));
      assert.deepEqual(attached, ["127.0.0.1:4711"]);
    } finally {
      client.close();
      provider.stop();
    }
  });

  it("works for each engine with the configuration that this one has given, as a preview's and then the update's", async () => {
    const provider = await serveDynamicProvider({ project: "project" });
    const client = clientOf(provider.port);
    try {
      for (const [address, greeting] of [["127.0.0.1:4711", "hello"], ["127.0.0.1:4712", "good day"]] as const) {
        await call(client, "attach", new pluginMessages.PluginAttach().setAddress(address));
        await call(client, "configure", configuration(greeting));
        const made = JSON.stringify(await call(client, "create", new messages.CreateRequest().setProperties(properties({ size: 1 }))));
        assert.ok(made.includes(`"${greeting},world,"`), made);
      }
    } finally {
      client.close();
      provider.stop();
    }
  });
});
