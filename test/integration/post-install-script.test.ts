import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "vitest";
import { leaveEngine } from "../../providers/core/engine-liveness.ts";
import { HostingerClient } from "../../providers/hostinger/api/client.ts";
import * as provider from "../../providers/hostinger/post-install-script-provider.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";

const NAME = "spoq-conductor-setup alice.spoq.dev";
const CONTENT = "#!/bin/bash\necho fake\n";

let sandbox: Sandbox;
let client: HostingerClient;
beforeAll(async () => {
  sandbox = await startSandbox();
  client = new HostingerClient({ baseUrl: sandbox.hostingerUrl, apiKey: sandbox.hostingerToken });
});
beforeEach(beginRun);
afterEach(() => sandbox.reset());
afterAll(async () => {
  await client.close();
  await sandbox.close();
});

/** What was made by the one before may be deleted. */
function beginRun(): void {
  leaveEngine();
  const settings: Record<string, string> = { "hostinger:apiKey": sandbox.hostingerToken, "hostinger:baseUrl": sandbox.hostingerUrl };
  provider.configure({ get: (key) => settings[key] });
}

const inputs = (changes: object = {}) => ({ name: NAME, content: CONTENT, __provider: "text", ...changes });

describe("a post-install script", () => {
  it("is made, read without a difference, changed in place and removed", async () => {
    const { id, outs } = await provider.create(inputs());
    const { props } = await provider.read(id, outs);
    assert.equal(provider.diff(id, props, inputs()).changes, false);
    const changed = inputs({ content: `${CONTENT}echo more\n` });
    assert.equal(provider.diff(id, props, changed).changes, true);
    await provider.update(id, outs, changed);
    assert.equal((await client.scripts.get(Number(id))).content, `${CONTENT}echo more\n`);
    beginRun();
    await provider.delete(id, outs);
    assert.deepEqual(await client.scripts.list(), []);
  });

  it("whose name is its own takes over what an earlier try left, and removes what is there twice, or from a stack with other credentials", async () => {
    await client.scripts.create({ name: NAME, content: "of another stack" });
    const first = await client.scripts.create({ name: NAME, content: CONTENT });
    await client.scripts.create({ name: NAME, content: CONTENT });
    const other = await client.scripts.create({ name: "another", content: "kept" });
    const { id } = await provider.create(inputs({ ownsName: true }));
    assert.equal(id, String(first.id));
    assert.deepEqual((await client.scripts.list()).map((script) => [script.id, script.content]).sort(), [[first.id, CONTENT], [other.id, "kept"]].sort());
  });

  it("takes over the one that is imported by its id", async () => {
    const { id: scriptId } = await client.scripts.create({ name: "by hand", content: "old" });
    const { id } = await provider.create(inputs({ importId: scriptId }));
    assert.equal(id, String(scriptId));
    assert.equal((await client.scripts.get(scriptId)).content, CONTENT);
  });

  it("whose name is its own takes one of the same name with it that landed after its run had died", async () => {
    const { id, outs } = await provider.create(inputs({ ownsName: true }));
    await client.scripts.create({ name: NAME, content: "late" });
    beginRun();
    await provider.delete(id, outs);
    assert.deepEqual(await client.scripts.list(), []);
  });

  it("whose outputs are of a version before takes one of the same name with it if that is a user's", async () => {
    const { id, outs } = await provider.create(inputs({ ownsName: true }));
    await client.scripts.create({ name: NAME, content: "late" });
    const { ownsName: _, ...ofBefore } = outs;
    beginRun();
    await provider.delete(id, ofBefore);
    assert.deepEqual(await client.scripts.list(), []);
  });

  it.each([["the whole script", false], ["a stub", true]])("that took the place of one of before in the same run, of which the account has %s, does not go with that", async (_what, asStub) => {
    const before = await provider.create(inputs({ ownsName: true, asStub }));
    beginRun();
    const after = await provider.create(inputs({ ownsName: true, asStub }));
    await provider.delete(before.id, before.outs);
    assert.deepEqual((await client.scripts.list()).map((script) => String(script.id)), [after.id]);
  });

  it("leaves those of the same name alone that another stack or a person has made, whatever they hold", async () => {
    const name = "a name of anybody's";
    const others = [await client.scripts.create({ name, content: CONTENT }), await client.scripts.create({ name, content: "by hand" })];
    const { id, outs } = await provider.create(inputs({ name }));
    assert.ok(others.every((other) => id !== String(other.id)));
    beginRun();
    await provider.delete(id, outs);
    assert.deepEqual((await client.scripts.list()).map((script) => script.id).sort(), others.map((other) => other.id).sort());
  });

  it("is there once although the answer to its creation is lost, and is not another's of the same name and content", async () => {
    const other = await client.scripts.create({ name: NAME, content: CONTENT });
    sandbox.addFault({ api: "hostinger", method: "POST", path: "/api/vps/v1/post-install-scripts$", times: 1, fault: { kind: "drop-after" } });
    const { id } = await provider.create(inputs());
    assert.notEqual(id, String(other.id));
    assert.deepEqual((await client.scripts.list()).map((script) => String(script.id)).sort(), [String(other.id), id].sort());
  });

  it("is not made where the API refuses it, whoever has one of the same name and content", async () => {
    await client.scripts.create({ name: NAME, content: CONTENT });
    sandbox.addFault({ api: "hostinger", method: "POST", path: "/api/vps/v1/post-install-scripts$", times: 1, fault: { kind: "status", status: 422 } });
    await assert.rejects(provider.create(inputs()), /API_REJECTED/);
    assert.equal((await client.scripts.list()).length, 1);
  });

  it("is not looked for where the API has certainly refused it, even if another stack makes one of the same name and content at that moment", async () => {
    sandbox.addFault({ api: "hostinger", method: "POST", path: "/api/vps/v1/post-install-scripts$", times: 1, fault: { kind: "status", status: 422, afterEffect: true } });
    await assert.rejects(provider.create(inputs()), /API_REJECTED/);
  });

  it("is no other than before where a version before has not written down whose the name is", () => {
    const { name, content } = inputs();
    const outs = { name, content, scriptId: 7, contentSha256: createHash("sha256").update(content).digest("hex") };
    assert.deepEqual(provider.diff("7", outs, inputs({ ownsName: true })), { changes: false, replaces: [] });
  });

  it("shows drift of content and name, and that it is gone", async () => {
    const { id, outs } = await provider.create(inputs());
    await client.scripts.update(Number(id), { name: NAME, content: "changed by hand" });
    assert.equal(provider.diff(id, (await provider.read(id, outs)).props, inputs()).changes, true);
    await client.scripts.update(Number(id), { name: "renamed", content: CONTENT });
    assert.equal(provider.diff(id, (await provider.read(id, outs)).props, inputs()).changes, true);
    await client.scripts.delete(Number(id));
    assert.deepEqual(await provider.read(id, outs), { id: "", props: {} });
  });

  it("is refused over 48 KB, and without naming the content, whose value the engine would print", () => {
    assert.deepEqual(provider.check({}, inputs({ content: "x".repeat(48 * 1024) })).failures, []);
    const { failures } = provider.check({}, inputs({ content: "ä".repeat(24 * 1024 + 1) }));
    assert.deepEqual(failures.map(({ property }) => property), [""]);
    assert.match(failures[0]!.reason, /SCRIPT_TOO_LARGE: content: expected at most 49152 bytes, got 49154/);
  });
});
