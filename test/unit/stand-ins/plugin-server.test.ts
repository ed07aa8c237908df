import assert from "node:assert/strict";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, it } from "vitest";
import grpc from "@grpc/grpc-js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import service from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import emptyMessages from "google-protobuf/google/protobuf/empty_pb.js";
import structMessages from "google-protobuf/google/protobuf/struct_pb.js";
import { startServer, type Properties, type StandIn } from "../../../src/stand-ins/plugin-server.ts";

const URN = "urn:pulumi:alice::project::user-vps:index:User$fake:index:Thing::my::thing";
const { Struct } = structMessages;
interface Answers {
  getPluginInfo: InstanceType<typeof pluginMessages.PluginInfo>;
  configure: InstanceType<typeof messages.ConfigureResponse>;
  check: InstanceType<typeof messages.CheckResponse>;
  diff: InstanceType<typeof messages.DiffResponse>;
  create: InstanceType<typeof messages.CreateResponse>;
  read: InstanceType<typeof messages.ReadResponse>;
  update: InstanceType<typeof messages.UpdateResponse>;
  delete: InstanceType<typeof emptyMessages.Empty>;
  getSchema: InstanceType<typeof messages.GetSchemaResponse>;
}
const struct = (value: object) => Struct.fromJavaScript(value as Parameters<typeof Struct.fromJavaScript>[0]);

describe("a stand-in's server", () => {
  const configured: [string, string][] = [];
  const standIn: StandIn = {
    version: "1.2.3",
    configure: (settings) => void configured.push(...settings),
    resources: {
      "fake:index:Thing": {
        check: (inputs) => (inputs["size"] === undefined ? [{ property: "size", reason: "needed" }] : []),
        diff: (state, inputs) => (state["size"] === inputs["size"] ? [] : [{ property: "size", replace: true }]),
        create: async (inputs, { name }) => {
          if (inputs["size"] === 13) throw new Error("no luck");
          return { id: `id-of-${name}`, state: { ...inputs, left: undefined } };
        },
        read: async (id, state, inputs) => (id === "gone" ? undefined : { id, state: { ...state, imported: inputs === undefined }, inputs: inputs ?? {} }),
        update: async (_id, _state, inputs) => inputs,
        delete: async (id) => assert.equal(id, "it"),
      },
    },
  };
  let client: InstanceType<typeof service.ResourceProviderClient>;
  let stop: () => void;
  beforeAll(async () => {
    const server = await startServer(standIn, () => new AbortController().signal);
    stop = server.stop;
    client = new service.ResourceProviderClient(`127.0.0.1:${server.port}`, grpc.credentials.createInsecure());
  });
  afterAll(() => {
    client.close();
    stop();
  });

  const call = <Method extends keyof Answers>(method: Method, request: unknown): Promise<Answers[Method]> => {
    const methods = client as unknown as Record<Method, (request: unknown, callback: (error: Error | null, answer: Answers[Method]) => void) => void>;
    return promisify(methods[method].bind(client))(request);
  };
  const plain = (value: InstanceType<typeof Struct> | undefined) => value?.toJavaScript() as Properties;

  it("tells its version", async () => assert.equal((await call("getPluginInfo", new emptyMessages.Empty())).getVersion(), "1.2.3"));

  it("gets its settings by their bare names, and accepts neither secrets nor previews", async () => {
    const request = new messages.ConfigureRequest();
    configured.length = 0;
    request.getVariablesMap().set("fake:config:baseUrl", "http://127.0.0.1:1");
    const answer = await call("configure", request);
    assert.deepEqual(configured, [["baseUrl", "http://127.0.0.1:1"]]);
    assert.equal(answer.getAcceptsecrets() || answer.getSupportspreview(), false);
  });

  it("checks, and hands the inputs back", async () => {
    const good = await call("check", new messages.CheckRequest().setUrn(URN).setNews(struct({ size: 1 })));
    assert.deepEqual([plain(good.getInputs()), good.getFailuresList().length], [{ size: 1 }, 0]);
    const bad = await call("check", new messages.CheckRequest().setUrn(URN).setNews(struct({})));
    assert.deepEqual(bad.getFailuresList().map((failure) => failure.toObject()), [{ property: "size", reason: "needed" }]);
  });

  it("tells what changes and whether that replaces", async () => {
    const diff = (size: number) => call("diff", new messages.DiffRequest().setUrn(URN).setOlds(struct({ size: 1 })).setNews(struct({ size })));
    const { DIFF_SOME, DIFF_NONE } = messages.DiffResponse.DiffChanges;
    assert.equal((await diff(1)).getChanges(), DIFF_NONE);
    const changed = await diff(2);
    assert.deepEqual([changed.getChanges(), changed.getReplacesList(), changed.getDiffsList()], [DIFF_SOME, ["size"], ["size"]]);
    assert.equal(changed.getDetaileddiffMap().get("size")?.getKind(), messages.PropertyDiff.Kind.UPDATE_REPLACE);
  });

  it("creates, and leaves out what is undefined", async () => {
    const answer = await call("create", new messages.CreateRequest().setUrn(URN).setProperties(struct({ size: 5 })));
    assert.equal(answer.getId(), "id-of-my::thing");
    assert.deepEqual(plain(answer.getProperties()), { size: 5 });
  });

  it("passes on why something failed", async () => {
    await assert.rejects(call("create", new messages.CreateRequest().setUrn(URN).setProperties(struct({ size: 13 }))), /no luck/);
  });

  it("reads, imports, and answers an empty id for what is gone", async () => {
    const read = (id: string, inputs?: object) => call("read", new messages.ReadRequest().setId(id).setUrn(URN).setProperties(struct({ size: 1 })).setInputs(inputs && struct(inputs)));
    assert.deepEqual(plain((await read("it", { size: 1 })).getProperties()), { size: 1, imported: false });
    assert.deepEqual(plain((await read("it")).getProperties()), { size: 1, imported: true });
    assert.equal((await read("gone", { size: 1 })).getId(), "");
  });

  it("updates and deletes", async () => {
    const answer = await call("update", new messages.UpdateRequest().setId("it").setUrn(URN).setOlds(struct({})).setNews(struct({ size: 3 })));
    assert.deepEqual(plain(answer.getProperties()), { size: 3 });
    await call("delete", new messages.DeleteRequest().setId("it").setUrn(URN).setProperties(struct({})));
  });

  it("names a resource type that it does not know", async () => {
    const urn = "urn:pulumi:s::p::fake:index:Other::n";
    await assert.rejects(call("create", new messages.CreateRequest().setUrn(urn).setProperties(struct({}))), /knows no resource type fake:index:Other/);
  });

  it("says 'unimplemented' to what it does not offer, which the engine expects", async () => {
    await assert.rejects(call("getSchema", new messages.GetSchemaRequest()), { code: grpc.status.UNIMPLEMENTED });
  });
});
