/** What a warm process keeps of one run and shows to the next: nothing. Without an engine; this test is the engine. */
import grpc from "@grpc/grpc-js";
import engineService from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import type engineMessages from "@pulumi/pulumi/proto/engine_pb.js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import service from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import emptyMessages from "google-protobuf/google/protobuf/empty_pb.js";
import structMessages from "google-protobuf/google/protobuf/struct_pb.js";
import { afterAll, describe, it } from "vitest";
import { servePluginService, unary } from "../../../providers/dynamic/grpc-server.ts";
import { findTagged, tagEnvironment } from "../../../src/provisioning/process-tags.ts";
import { SLOT_LIMITS, Slots } from "../../../src/slots/slots.ts";
import type { Slot, SlotLimits } from "../../../src/slots/slots.ts";
import { until } from "../../support/until.ts";

const { Struct } = structMessages;
const CHECKOUT = resolve(import.meta.dirname, "..", "..", "..");
const module = (path: string) => JSON.stringify(pathToFileURL(join(CHECKOUT, path)).href);

/** Tells what it sees, and spoils what it can. */
const NOSY = `exports.handler = () => {
  let token = "not configured";
  return {
    configure: async ({ config }) => {
      token = config.get("hostinger:apiKey") ?? "none";
      (await import(${module("providers/hostinger/session.ts")})).configure(config);
    },
    create: async ({ spoil }) => {
      const { engineGoneSignal } = await import(${module("providers/core/engine-liveness.ts")});
      const { reportProgress } = await import(${module("providers/core/progress.ts")});
      const { currentSession } = await import(${module("providers/hostinger/session.ts")});
      reportProgress("at work");
      const seen = { token, cancelled: engineGoneSignal().aborted, key: currentSession().settings.apiKey, environment: process.env.LEAKED ?? "none", ssh: process.env.SSH_PRIVATE_KEY ?? "none", folder: process.cwd(), pid: process.pid, before: globalThis.seenBefore ?? 0 };
      globalThis.seenBefore = seen.before + 1;
      if (spoil) { process.env.LEAKED = token; delete process.env.HOSTINGER_API_KEY; process.chdir("/"); }
      return { id: "it", outs: seen };
    },
    update: async () => {
      const { engineGoneSignal } = await import(${module("providers/core/engine-liveness.ts")});
      const signal = engineGoneSignal();
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      return { outs: { reason: String(signal.reason) } };
    },
  };
};`;

/** What one run was allowed: to replace VM 17, and to buy. */
const ALLOWED = `exports.handler = () => ({
  configure: async ({ config }) => (await import(${module("providers/hostinger/session.ts")})).configure(config),
  create: async ({ permit }) => {
    const { permitReplacement, refuseDeletion } = await import(${module("providers/hostinger/deletion-fence.ts")});
    const { currentSession } = await import(${module("providers/hostinger/session.ts")});
    if (permit) permitReplacement(17);
    let mayDelete = true;
    try { refuseDeletion(17, { hostname: "alice.spoq.dev" }); } catch { mayDelete = false; }
    return { id: "it", outs: { mayDelete, mayBuy: currentSession().settings.mayBuy } };
  },
});`;

/** The side of the engine that providers call, at an address of its own. */
async function engine() {
  const lines: string[] = [];
  const server = await servePluginService(engineService.EngineService, {
    log: unary(async (request: InstanceType<typeof engineMessages.LogRequest>) => {
      lines.push(request.getMessage());
      return new emptyMessages.Empty();
    }),
  });
  return { ...server, lines, address: `127.0.0.1:${server.port}` };
}

type Client = InstanceType<typeof service.ResourceProviderClient>;
const closers: (() => void)[] = [];

/** A run of its own: an engine that has attached to the slot's dynamic provider and configured it. */
async function begin(slot: Slot, settings: Record<string, string>) {
  const running = await engine();
  const port = /pulumi-nodejs:(\d+)/.exec(slot.providers)![1]!;
  const client = new service.ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  closers.push(() => client.close(), () => running.stop());
  const attach = () => call(client, "attach", new pluginMessages.PluginAttach().setAddress(running.address));
  await attach();
  await call(client, "configure", new messages.ConfigureRequest().setArgs(struct(settings)));
  return {
    ...running, client, attach,
    look: async (more: object = {}) => plain(await call(client, "create", new messages.CreateRequest().setProperties(struct({ ...more, __provider: NOSY })))),
    allowed: async (more: object = {}) => {
      const { mayDelete, mayBuy } = plain(await call(client, "create", new messages.CreateRequest().setProperties(struct({ ...more, __provider: ALLOWED }))));
      return { mayDelete, mayBuy };
    },
    waitForEnd: async () => plain(await call(client, "update", new messages.UpdateRequest().setId("it").setOlds(struct({})).setNews(struct({ __provider: NOSY })))),
  };
}

const struct = (value: object) => Struct.fromJavaScript(value as Parameters<typeof Struct.fromJavaScript>[0]);
const plain = (answer: { getProperties(): InstanceType<typeof Struct> | undefined }) => answer.getProperties()!.toJavaScript() as Record<string, unknown>;

function call<T = { getProperties(): InstanceType<typeof Struct> | undefined }>(client: Client, method: string, request: unknown): Promise<T> {
  const methods = client as unknown as Record<string, (request: unknown, callback: (error: Error | null, answer: T) => void) => void>;
  return new Promise((done, failed) => methods[method]!.call(client, request, (error, answer) => (error ? failed(error) : done(answer))));
}

const WORKER = "worker-of-the-slots-test";

function openSlots(limits: Partial<SlotLimits> = {}): Slots {
  const slots = new Slots({
    env: { PATH: process.env["PATH"], HOSTINGER_API_KEY: "fake-key-of-the-worker", USER_VPS_TEST_FILE: process.env["USER_VPS_TEST_FILE"] },
    tag: (slot) => tagEnvironment({ worker: WORKER, slot }),
    standIns: false,
    programEnv: { SSH_PRIVATE_KEY: "fake-ssh-key" },
    limits: { ...SLOT_LIMITS, ...limits },
  });
  opened.push(slots);
  return slots;
}
const opened: Slots[] = [];
afterAll(async () => {
  for (const close of closers) close();
  await Promise.all(opened.map((slots) => slots.close()));
});

describe("a warm slot", () => {
  const slots = openSlots();

  it("serves one run after the other in the same process, and keeps nothing of a run", async () => {
    const slots = openSlots();
    const first = await slots.take();
    const one = await begin(first, { "hostinger:apiKey": "fake-key-of-alice" });
    const seen = await one.look({ spoil: true });
    assert.deepEqual({ ...seen, pid: 0 }, { token: "fake-key-of-alice", key: "fake-key-of-alice", cancelled: false, environment: "none", ssh: "none", folder: CHECKOUT, pid: 0, before: 0, __provider: NOSY });
    await first.release({ failed: false });

    const second = await slots.take();
    assert.equal(second.slotId, first.slotId);
    const two = await begin(second, {});
    const after = await two.look();
    assert.deepEqual(after, { ...seen, token: "none", key: "fake-key-of-the-worker", before: 1 }, "same process, other run");
    await second.release({ failed: false });
  });

  it("allows a run nothing for having allowed it to the run before", async () => {
    const first = await slots.take();
    const one = await begin(first, {});
    assert.deepEqual(await one.allowed({ permit: true }), { mayDelete: true, mayBuy: true });
    assert.deepEqual(await one.allowed(), { mayDelete: true, mayBuy: true }, "the diff permits it, a later call of the run does it");
    await first.release({ failed: false });

    const second = await slots.take({ USER_VPS_ALLOW_PURCHASE: "false" });
    assert.equal(second.slotId, first.slotId);
    assert.deepEqual(await (await begin(second, {})).allowed(), { mayDelete: false, mayBuy: false });
    await second.release({ failed: false });
    const third = await slots.take();
    assert.deepEqual(await (await begin(third, { "user-vps:protect": "false" })).allowed(), { mayDelete: true, mayBuy: true });
    await third.release({ failed: false });
    const fourth = await slots.take();
    assert.equal(fourth.slotId, first.slotId);
    assert.deepEqual(await (await begin(fourth, {})).allowed(), { mayDelete: false, mayBuy: true });
    await fourth.release({ failed: false });
  });

  it("tells its progress to the engine of the run, and to no other", async () => {
    const first = await slots.take();
    const one = await begin(first, {});
    await one.look();
    await until("the first one's line", () => one.lines.length > 0);
    await first.release({ failed: false });
    const second = await slots.take();
    const two = await begin(second, {});
    await two.look();
    await until("the second one's line", () => two.lines.length > 0);
    assert.deepEqual([one.lines, two.lines], [["at work"], ["at work"]]);
    await second.release({ failed: false });
  });

  it("ends with its run what still goes on for it", async () => {
    const slot = await slots.take();
    const run = await begin(slot, {});
    await run.look();
    const unfinished = assert.rejects(run.waitForEnd(), "the server of the run is gone");
    await slot.release({ failed: false });
    await unfinished;
  });

  it("is not reached by the engine of an earlier run", async () => {
    const first = await slots.take();
    const one = await begin(first, {});
    await one.look();
    await first.release({ failed: false });
    const second = await slots.take();
    await begin(second, {});
    await assert.rejects(one.look(), /UNAVAILABLE/);
    await second.release({ failed: false });
  });

  it("was not cancelled when the run before was, and finds out that its own engine is gone", async () => {
    const first = await slots.take();
    const one = await begin(first, {});
    await one.look();
    const waiting = one.waitForEnd();
    await call(one.client, "cancel", new emptyMessages.Empty());
    assert.match(String((await waiting)["reason"]), /CANCELLED: .*asked to stop/);
    await first.release({ failed: false });
    one.stop();

    const second = await slots.take();
    assert.equal(second.slotId, first.slotId);
    const two = await begin(second, {});
    assert.equal((await two.look())["cancelled"], false);
    // The watch of the first engine would have ended by now.
    await delay(2_500);
    assert.equal((await two.look())["cancelled"], false);
    const gone = two.waitForEnd();
    two.stop();
    assert.match(String((await gone)["reason"]), /CANCELLED: .*is gone/);
    await second.release({ failed: true });
  });

  it("works on for an engine that cancels and attaches again, as after its refresh: not cancelled, until it is again", async () => {
    const slot = await slots.take();
    const run = await begin(slot, {});
    const refresh = run.waitForEnd();
    await call(run.client, "cancel", new emptyMessages.Empty());
    assert.match(String((await refresh)["reason"]), /asked to stop/);
    assert.equal((await run.look())["cancelled"], true);
    // What is on its way when another engine is followed may be lost.
    await until("a line", () => run.lines.length === 1);

    await run.attach();
    assert.equal((await run.look())["cancelled"], false);
    await until("another line", () => run.lines.length === 2);
    assert.deepEqual(run.lines, ["at work", "at work"], "progress goes on to the engine");
    const rest = run.waitForEnd();
    await call(run.client, "cancel", new emptyMessages.Empty());
    assert.match(String((await rest)["reason"]), /asked to stop/);
    await slot.release({ failed: true });
  });

  it("breaks nothing off when another of its providers is attached to by the same engine", async () => {
    const slot = await slots.take();
    const run = await begin(slot, {});
    let ended = false;
    const waiting = run.waitForEnd().finally(() => { ended = true; });
    await run.attach();
    await run.look();
    assert.equal(ended, false);
    run.stop();
    assert.match(String((await waiting)["reason"]), /is gone/);
    await slot.release({ failed: true });
  });

  it("is not used again after a run that failed, and its process is gone", async () => {
    const failed = await slots.take();
    await failed.release({ failed: true });
    assert.deepEqual(await findTagged("slot", failed.slotId), []);
    const next = await slots.take();
    assert.notEqual(next.slotId, failed.slotId);
    await next.release({ failed: false });
  });

  it("is replaced when its process was killed while it was idle", async () => {
    const slot = await slots.take();
    await slot.release({ failed: false });
    for (const pid of await findTagged("slot", slot.slotId)) process.kill(pid, "SIGKILL");
    const next = await slots.take();
    assert.notEqual(next.slotId, slot.slotId);
    await next.release({ failed: false });
  });
});

describe("a slot whose process is frozen", () => {
  async function freeze(slots: Slots): Promise<Slot> {
    const slot = await slots.take();
    await slot.release({ failed: false });
    for (const pid of await findTagged("slot", slot.slotId)) process.kill(pid, "SIGSTOP");
    return slot;
  }

  it("is replaced by another, and is gone", async () => {
    const slots = openSlots({ answerLimitMs: 20_000 });
    const frozen = await freeze(slots);
    const next = await slots.take();
    assert.notEqual(next.slotId, frozen.slotId);
    assert.deepEqual(await findTagged("slot", frozen.slotId), []);
    await next.release({ failed: false });
  });

  it("holds up no run that is to end", async () => {
    const slots = openSlots();
    const frozen = await freeze(slots);
    const over = new AbortController();
    const taken = slots.take({}, over.signal);
    over.abort(new Error("cancelled by an operator"));
    await assert.rejects(taken, /cancelled by an operator/);
    assert.deepEqual(await findTagged("slot", frozen.slotId), []);
  });

  it("does not hold up the end of its run", async () => {
    const slots = openSlots({ answerLimitMs: 20_000 });
    const slot = await slots.take();
    for (const pid of await findTagged("slot", slot.slotId)) process.kill(pid, "SIGSTOP");
    assert.equal(await slot.release({ failed: false }), undefined);
    assert.deepEqual(await findTagged("slot", slot.slotId), []);
  });
});

describe("the processes of slots", () => {
  it("hold no more descriptors, and hardly more memory, after a hundred runs than after twenty", async (context) => {
    if (process.platform !== "linux") return context.skip("there is no /proc to look at");
    const slots = openSlots({ mostRuns: 1_000 });
    let pid: number | undefined;
    const runs = async (count: number) => {
      for (let run = 0; run < count; run += 1) {
        const slot = await slots.take();
        const running = await begin(slot, {});
        pid = Number((await running.look())["pid"]);
        await slot.release({ failed: false });
        running.client.close();
        running.stop();
      }
      return { descriptors: (await readdir(`/proc/${pid}/fd`)).length, memoryKb: Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, "utf8"))![1]) };
    };
    const after20 = await runs(20);
    const after100 = await runs(80);
    assert.ok(after100.descriptors <= after20.descriptors + 2, `${after20.descriptors} descriptors, then ${after100.descriptors}`);
    // A server, a client and the like of each run would be some hundred KB.
    assert.ok(after100.memoryKb < after20.memoryKb + 32 * 1_024, `${after20.memoryKb} KB, then ${after100.memoryKb} KB`);
  });

  it("are replaced after so many runs", async () => {
    const slots = openSlots({ mostRuns: 2 });
    const ids: string[] = [];
    for (let run = 0; run < 3; run += 1) {
      const slot = await slots.take();
      ids.push(slot.slotId);
      await slot.release({ failed: false });
    }
    assert.equal(ids[0], ids[1]);
    assert.notEqual(ids[1], ids[2]);
    assert.deepEqual(await findTagged("slot", ids[0]!), []);
  });

  it("are all gone after close, those in use included", async () => {
    const slots = openSlots();
    slots.prepare(2);
    const used = await slots.take();
    await slots.close();
    assert.deepEqual(await findTagged("slot", used.slotId), []);
  });
});
