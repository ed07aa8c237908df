/** Whose VM is whose: by what is recorded, never by a name. Names change hands, and data does not. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, it } from "vitest";
import { createCredentialsCipher, takeCredentials } from "../../src/records/index.ts";
import { lastGiveUp, requestDeprovision } from "../support/give-up.ts";
import { newName } from "../support/new-name.ts";
import { withDatabase } from "../support/postgres.ts";
import { startServiceWorld } from "../support/service-world.ts";
import type { ServiceWorld } from "../support/service-world.ts";
import { canLogIn } from "../support/ssh-login.ts";

const database = await withDatabase();
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

let world: ServiceWorld;
beforeAll(async () => {
  world = await startServiceWorld(database.url);
  await world.startWorker();
});
afterAll(() => world.close());

const vmOf = (vmId: number) => world.sandbox.state().vms.find((vm) => vm.id === vmId)!;
const purchases = () => world.sandbox.state().purchases.length;

interface Shown {
  readonly vmId: number;
  readonly address: string;
  readonly password: string;
  readonly jwtSecret: string;
}

async function signUp(userId: string, username: string): Promise<Shown> {
  await world.signUp(userId, username);
  const { hostingerVmId, address } = await world.until(userId, "ready", ({ status, username: name }) => status === "ready" && name === username);
  const [id, key] = world.env["CREDENTIALS_KEYS"]!.split(":") as [string, string];
  const shown = (await takeCredentials(world.pool, createCredentialsCipher([{ id, key: Buffer.from(key, "base64") }]), userId))!;
  return { vmId: hostingerVmId!, address: address!, password: shown.password, jwtSecret: shown.jwtSecret };
}

async function giveUp(userId: string, wipe: boolean): Promise<void> {
  await requestDeprovision(world, userId, { wipe });
  await world.until(userId, "deprovisioned", ({ status }) => status === "deprovisioned");
}

/** What is shown is what is on the machine, for root, the user spoq and Conductor; and nothing of it lies about in the account. */
async function assertInForce(userId: string, hostname: string, { vmId, address, password, jwtSecret }: Shown, former?: Shown): Promise<void> {
  for (const username of ["root", "spoq"] as const) {
    assert.ok(await canLogIn(address, world.sandbox.sshPort, username, password), `${username} of ${hostname} logs in with the password that is shown`);
    if (former) assert.equal(await canLogIn(address, world.sandbox.sshPort, username, former.password), false, `${username}'s old password is refused`);
  }
  const { credentials, health, hostname: own, state } = vmOf(vmId);
  assert.deepEqual([credentials?.jwtSecretSha256, credentials?.ownerId, health?.siteAddress, own, state], [sha256(jwtSecret), userId, hostname, hostname, "running"]);
  assert.deepEqual(world.sandbox.state().records.filter(({ name }) => name === hostname).map(({ content }) => content), [address]);
}

describe("two users who exchange their names", () => {
  let anna: Shown;
  let ben: Shown;

  it("have a VM each to begin with, and their scripts are out of the account once they are ready", async () => {
    [anna, ben] = await Promise.all([signUp("user_a", "alice"), signUp("user_b", "bob")]);
    await assertInForce("user_a", "alice.spoq.dev", anna);
    await assertInForce("user_b", "bob.spoq.dev", ben);
    assert.equal(purchases(), 2);
    await assertNoSecretInAccount(anna, ben);
  });

  it("give their VPSs up without a wipe: the VMs are set aside under names that are nobody's", async () => {
    await Promise.all([giveUp("user_a", false), giveUp("user_b", false)]);
    assert.deepEqual([anna.vmId, ben.vmId].map((vmId) => [vmOf(vmId).hostname, vmOf(vmId).state]), [[`old-${anna.vmId}.alice.spoq.dev`, "stopped"], [`old-${ben.vmId}.bob.spoq.dev`, "stopped"]]);
    assert.deepEqual(world.sandbox.state().scripts, []);
  });

  it("come back under the other's name, and each gets back the own VM, with its data, and with credentials that work", async () => {
    const spare = await signUp("user_a", "carol");
    assert.equal(spare.vmId, anna.vmId);
    await assertInForce("user_a", "carol.spoq.dev", spare, anna);
    const bens = await signUp("user_b", "alice");
    assert.equal(bens.vmId, ben.vmId);
    await assertInForce("user_b", "alice.spoq.dev", bens, ben);
    await giveUp("user_a", false);
    const annas = await signUp("user_a", "bob");
    assert.equal(annas.vmId, anna.vmId);
    await assertInForce("user_a", "bob.spoq.dev", annas, spare);
    assert.equal(purchases(), 2, "nothing was bought");
    for (const { vmId } of [annas, bens]) assert.deepEqual(vmOf(vmId).actions.filter(({ name }) => name === "recreate"), [], "nothing was wiped");
    assert.ok((await lastGiveUp(world.pool, "user_a")).returnedAt);
    await assertNoSecretInAccount(annas, bens);
    [anna, ben] = [annas, bens];
  });

  it("and whoever signs up under a name that was theirs gets a VM of their own", async () => {
    await giveUp("user_a", false);
    const { vmId } = await signUp("user_a", "dora");
    assert.equal(vmId, anna.vmId);
    const newcomer = await signUp("user_c", "bob");
    assert.ok(![anna.vmId, ben.vmId].includes(newcomer.vmId));
    assert.equal(purchases(), 3);
    await assertInForce("user_c", "bob.spoq.dev", newcomer);
  });
});

describe("a VM that still has the host name of somebody before, as of an older version", () => {
  it("is set aside before the name's new user buys", async () => {
    const erin = newName("erin");
    const [former, next] = [`user_before_${erin}`, `user_after_${erin}`];
    const { vmId } = await signUp(former, erin);
    await giveUp(former, false);
    const response = await fetch(`${world.sandbox.controlUrl}/vms/${vmId}/drift`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ kind: "renamed", hostname: `${erin}.spoq.dev` }) });
    assert.equal(response.status, 200);
    await world.pool.query("UPDATE user_vps SET username = $2 || '-before', hostname = $2 || '-before.spoq.dev' WHERE user_id = $1", [former, erin]);
    const newcomer = await signUp(next, erin);
    assert.notEqual(newcomer.vmId, vmId);
    assert.equal(vmOf(vmId).hostname, `old-${vmId}.${erin}.spoq.dev`);
    await assertInForce(next, `${erin}.spoq.dev`, newcomer);
  });
});

describe("a user whose stack's state was lost", () => {
  it("keeps the VM, by the id that is recorded, with new credentials on it that are shown, whatever the run was for", async () => {
    const before = await signUp("user_f", "fay");
    const bought = purchases();
    await world.pool.query("DELETE FROM pulumi_state WHERE key LIKE '%/fay.json%' OR key LIKE '%/fay/%'");
    await world.pool.query("UPDATE user_vps SET status = 'queued' WHERE user_id = 'user_f'");
    await world.jobs.enqueue(world.pool, { operation: "up", userId: "user_f" });
    const after = await signUp("user_f", "fay");
    assert.deepEqual([after.vmId, purchases()], [before.vmId, bought]);
    await assertInForce("user_f", "fay.spoq.dev", after, before);
  });
});

async function assertNoSecretInAccount(...shown: readonly Shown[]): Promise<void> {
  const answer = await fetch(`${world.sandbox.hostingerUrl}/api/vps/v1/post-install-scripts`, { headers: { authorization: `Bearer ${world.sandbox.hostingerToken}` } });
  const text = await answer.text();
  assert.match(text, /is a stub/);
  for (const { password, jwtSecret } of shown) assert.ok(!text.includes(password) && !text.includes(jwtSecret));
}
