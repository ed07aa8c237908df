import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, it } from "vitest";
import { inTransaction } from "../../src/db/index.ts";
import { failureOf } from "../../src/provisioning/failure.ts";
import type { Engine } from "../../src/provisioning/engine.ts";
import { createCredentialsCipher } from "../../src/records/index.ts";
import { RELEASE_LIMITS } from "../../src/releases/release-to-vps.ts";
import { createRelease, createRollOut, findReleaseOfUser, listMembers, runRollOut } from "../../src/releases/index.ts";
import type { RollOutMember } from "../../src/releases/index.ts";
import { CliWorld } from "../support/cli-world.ts";
import { insertReadyUser } from "../support/ready-user.ts";
import { withDatabase } from "../support/postgres.ts";
import { vmOf } from "../support/stub-engine.ts";

const USERS = Array.from({ length: 10 }, (_, index) => `e2e-fleet-${index}`);
const FAILING = "e2e-fleet-2";
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const urlOf = (version: string) => `https://downloads.example.com/conductor-${version}`;

let world: CliWorld;
const { pool } = await withDatabase();
beforeAll(async () => {
  world = await CliWorld.open({ warm: true });
  const left = [...USERS];
  const provision = async () => {
    for (let username = left.shift(); username !== undefined; username = left.shift()) {
      await world.newStack(username, { healthTimeoutSeconds: "60" });
      const { code, text } = await world.up(username);
      assert.equal(code, 0, text);
      await insertReadyUser(pool, username);
    }
  };
  await Promise.all([provision(), provision()]);
});
afterAll(() => world.close());

/** The real engine by its CLI: the same `up` as an operator's. */
function cliEngine(): Engine {
  const unused = async () => assert.fail("the roll-out asks for the stack's VM, and uses `up` alone");
  return {
    async up({ stackName, config }) {
      const { code, text } = await world.upWith(stackName, config);
      if (code !== 0) throw failureOf({ stackName, errors: [text], output: text, end: `exit code ${code}` });
      return { changes: {}, outputs: {} };
    },
    vms: async () => [vmOf(1)],
    clearInterruptedRun: async () => undefined,
    preview: unused, refresh: unused, destroy: unused, cancel: unused,
  };
}

async function rollOut(version: string): Promise<{ outcome: string | null; members: RollOutMember[] }> {
  await createRelease(pool, { version, conductor: { url: urlOf(version), sha256: sha256(version) } }, "operator@example.com");
  const { rollOutId } = await inTransaction(pool, (db) => createRollOut(db, { version, requestedBy: "operator@example.com", reason: "test", waves: ["1", "30%", "rest"], concurrency: 2 }));
  const { outcome } = await runRollOut({
    pool,
    engine: cliEngine(), cipher: createCredentialsCipher([{ id: "test", key: Buffer.alloc(32) }]),
    stackOf: async ({ username }) => ({ stackName: username, config: { username } }),
    lockUser: async () => ({ lost: new AbortController().signal, cancelled: new AbortController().signal, refuseLost: async () => undefined, release: async () => undefined }),
    lockRollOuts: async () => ({ lost: new AbortController().signal, refuseLost: async () => undefined, release: async () => undefined }),
    refuseNamesOfOthers: async () => undefined, takeSnapshot: async () => assert.fail("no snapshot was asked for"),
    ...RELEASE_LIMITS, limitMs: 1_800_000,
    workerId: "test", hostId: "test", secrets: [], log: () => undefined,
    closing: new AbortController().signal, signal: new AbortController().signal,
  }, rollOutId);
  return { outcome, members: await listMembers(pool, rollOutId) };
}

async function publish(version: string, more: Record<string, unknown> = {}): Promise<void> {
  await world.control("artefacts", { url: urlOf(version), sha256: sha256(version), version, ...more });
}

const versions = () => Object.fromEntries(world.sandbox.state().vms.map((vm) => [vm.hostname.split(".")[0]!, vm.programs.conductor?.version]));
const statuses = () => world.sandbox.state().vms.map((vm) => vm.health?.healthStatus);

describe("a release goes to ten VPSs over SSH", () => {
  it("in waves of one, three and six, each begun when the one before has ended", async () => {
    await publish("2.0.0");
    const { outcome, members } = await rollOut("2.0.0");
    assert.equal(outcome, "succeeded", JSON.stringify(members));
    assert.deepEqual(members.map(({ wave, status }) => `${wave} ${status}`), [..."1222333333"].map((wave) => `${wave} succeeded`));
    for (const wave of [1, 2]) {
      const ended = members.filter((member) => member.wave === wave).map(({ endedAt }) => endedAt!.getTime());
      const begun = members.filter((member) => member.wave === wave + 1).map(({ startedAt }) => startedAt!.getTime());
      assert.ok(Math.max(...ended) <= Math.min(...begun));
    }
    assert.deepEqual(versions(), Object.fromEntries(USERS.map((username) => [username, "2.0.0"])));
    assert.deepEqual(statuses(), USERS.map(() => 200));
  });

  it("stops when one fails, which is rolled back and healthy; the others keep what they have", async () => {
    await publish("2.1.0");
    await publish("2.1.0", { hostname: `${FAILING}.spoq.dev`, healthy: false });
    const { outcome, members } = await rollOut("2.1.0");
    assert.equal(outcome, "stopped");
    const failed = members.filter(({ status }) => status === "failed");
    assert.deepEqual(failed.map(({ username, errorCode }) => [username, errorCode]), [[FAILING, "RELEASE_FAILED"]]);
    assert.match(failed[0]!.message ?? "", /Conductor was not healthy and was rolled back; the previous program runs and is healthy/);
    assert.deepEqual(members.filter(({ wave }) => wave === 3).map(({ status }) => status), Array(6).fill("skipped"));

    const released = members.filter(({ status }) => status === "succeeded").map(({ username }) => username);
    assert.ok(released.includes("e2e-fleet-0"));
    assert.deepEqual(versions(), Object.fromEntries(USERS.map((username) => [username, released.includes(username) ? "2.1.0" : "2.0.0"])));
    assert.deepEqual(statuses(), USERS.map(() => 200));
    assert.equal((await findReleaseOfUser(pool, FAILING))?.version, "2.0.0");
  });
});
