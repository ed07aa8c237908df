import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, it } from "vitest";
import ssh2 from "ssh2";
import { fetchHostKey } from "../../../providers/ssh/fetch-host-key.ts";
import * as handover from "../../../providers/ssh/handover-provider.ts";
import * as provider from "../../../providers/ssh/ssh-host-key-provider.ts";

/** About 3 in 1,000 Ed25519 keys that ssh2 1.17 makes it cannot read itself. */
function readableEd25519() {
  const key = Array.from({ length: 5 }, () => ssh2.utils.generateKeyPairSync("ed25519")).find((pair) => !(ssh2.utils.parseKey(pair.private) instanceof Error));
  return key ?? assert.fail("no readable key among five");
}

const KEYS = { ed25519: readableEd25519(), ecdsa: ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 }) };
const NEVER = new AbortController().signal;
const publicPart = (text: string) => text.split(" ").slice(0, 2).join(" ");

let server: ssh2.Server;
let port: number;
let logins = 0;
beforeAll(async () => {
  server = new ssh2.Server({ hostKeys: [KEYS.ed25519.private, KEYS.ecdsa.private] }, (client) => {
    client.on("error", () => undefined);
    client.on("authentication", () => void (logins += 1));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

describe("the key of an SSH server", () => {
  it("is the one that Go's client would be shown, and no login is tried", async () => {
    assert.equal(await fetchHostKey("127.0.0.1", port, NEVER), publicPart(KEYS.ecdsa.public));
    assert.equal(logins, 0);
  });

  it("cannot be had where nothing listens, which is said with the place", async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const { port: freePort } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    await assert.rejects(fetchHostKey("127.0.0.1", freePort, NEVER, 0), new RegExp(`^UserVpsError: SSH_UNREACHABLE: .*127\\.0\\.0\\.1 port ${freePort}`));
  });
});

describe("a pinned host key", () => {
  const inputs = () => ({ host: "127.0.0.1", port, machine: "17 1007 abc", __provider: "serialised provider" });

  it("stays when the address changes, and is asked for again only for another machine", async () => {
    const { outs } = await provider.create(inputs());
    assert.deepEqual(provider.diff("", outs, inputs()), { changes: false, replaces: [] });
    const moved = { ...inputs(), host: "127.0.0.2", port: 1 };
    assert.deepEqual(provider.diff("", outs, moved), { changes: true, replaces: [] });
    assert.deepEqual((await provider.update("", outs, moved)).outs, { host: "127.0.0.2", port: 1, machine: "17 1007 abc", hostKey: publicPart(KEYS.ecdsa.public) });
    assert.deepEqual(provider.diff("", outs, { ...inputs(), machine: "18 1007 abc" }), { changes: true, replaces: ["machine"] });
  });

  it("is asked for again after a wipe, and not where a wipe of before is only not mentioned any more", () => {
    const wiped = { ...inputs(), machine: "17 1007 abc 1 after action 5" };
    assert.deepEqual(provider.diff("", inputs(), wiped), { changes: true, replaces: ["machine"] });
    assert.deepEqual(provider.diff("", wiped, inputs()), { changes: false, replaces: [] });
    for (const machine of ["17 1007 abc 1", "17 1002 abc", "17 1007 ab"]) assert.deepEqual(provider.diff("", wiped, { ...inputs(), machine }).replaces, ["machine"], machine);
  });
});

describe("the hand-over of a pool's VPS", () => {
  const inputs = () => ({ host: "127.0.0.1", port, machine: "17 1007 abc", login: { password: "fake-password" }, script: "exit 1", __provider: "serialised provider" });
  const known = () => ({ host: "127.0.0.1", port, machine: "17 1007 abc", hostKey: "of-before" });
  const wiped = () => ({ ...inputs(), machine: "17 1007 abc 1 after action 5" });

  it("is done again for another VM, and not for one that was wiped: there is nothing of the pool on it", () => {
    assert.deepEqual(handover.diff("", known(), inputs()), { changes: false, replaces: [] });
    assert.deepEqual(handover.diff("", known(), wiped()), { changes: true, replaces: [] });
    assert.deepEqual(handover.diff("", known(), { ...inputs(), host: "127.0.0.2", machine: "18 1007 abc" }), { changes: true, replaces: ["machine"] });
  });

  it("asks for the key of a VM that was wiped without logging in, and keeps it where a wipe is only not mentioned any more", async () => {
    const { outs } = await handover.update("", known(), wiped());
    assert.deepEqual(outs, { host: "127.0.0.1", port, machine: "17 1007 abc 1 after action 5", hostKey: publicPart(KEYS.ecdsa.public) });
    assert.equal(logins, 0);
    assert.deepEqual(handover.diff("", { ...outs, hostKey: "pinned" }, inputs()), { changes: false, replaces: [] });
    assert.equal((await handover.update("", { ...outs, hostKey: "pinned" }, { ...inputs(), port: 1 })).outs["hostKey"], "pinned");
  });
});
