/** DNS records that no stack knows of, made by hand for one: nobody gets a VM to which somebody else's name leads. The engine is a stub. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { inTransaction } from "../../src/db/index.ts";
import { destroy } from "../../src/provisioning/destroy.ts";
import { takeWipedVm } from "../../src/provisioning/give-up/take-wiped-vm.ts";
import { lostDnsRecords } from "../../src/provisioning/lost-dns-record.ts";
import type { LostDnsRecords } from "../../src/provisioning/lost-dns-record.ts";
import { findVpsByUserId, requestGiveUp, setVpsStatus } from "../../src/records/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { addFleet, addRecord } from "../support/fleet.ts";
import type { FleetMember } from "../support/fleet.ts";
import { lastGiveUp } from "../support/give-up.ts";
import { withDatabase } from "../support/postgres.ts";
import { openPurchaseWorld } from "../support/purchases.ts";
import type { PurchaseWorld } from "../support/purchases.ts";
import { StubEngine } from "../support/stub-engine.ts";

const { pool } = await withDatabase();
let sandbox: Sandbox;
let world: PurchaseWorld;
let dns: LostDnsRecords;
let members: FleetMember[];
/** Its stack knows of nothing, so it removes nothing. */
const engine = Object.assign(new StubEngine(), { destroy: async () => ({ changes: {} }) });

beforeAll(async () => {
  sandbox = await startSandbox({ bootMs: 20, scriptMs: 10, actionMs: 10 });
  world = openPurchaseWorld(pool, sandbox, { REUSE_WIPED_VMS: "true" });
  dns = lostDnsRecords({ baseUrl: sandbox.cloudflareUrl, apiToken: sandbox.cloudflareToken, zoneId: sandbox.zoneId });
  members = await addFleet(sandbox, pool, 2);
});
afterAll(async () => {
  await Promise.all([world.close(), dns.close()]);
  await sandbox.close();
});

const context = async (userId: string) => ({
  pool, engine, settings: world.guard.settings, record: (await findVpsByUserId(pool, userId))!, dns, hooks: { runId: crypto.randomUUID() },
  recorder: { onLine: () => undefined, onEvent: () => undefined }, vms: { openSession: () => world.session },
}) as never;
const namesAt = (address: string) => sandbox.state().records.filter(({ content }) => content === address).map(({ name }) => name);

async function givenUp({ username }: FleetMember): Promise<void> {
  const userId = `u-${username}`;
  const record = (await findVpsByUserId(pool, userId))!;
  await setVpsStatus(pool, userId, { status: "deprovisioning" });
  await requestGiveUp(pool, record, { requestedBy: "olga", reason: "a test", wipe: true, graceHours: 0 });
  const result = await destroy.run(await context(userId));
  assert.ok("save" in result);
  await inTransaction(pool, (db) => result.save(db));
}

describe("a VPS that is given up", () => {
  it("is led to by its name no more, though the stack knows of no such record; then the next user gets the VM", async () => {
    const [member] = members;
    assert.deepEqual(namesAt(member!.address), [member!.hostname]);
    await givenUp(member!);
    assert.deepEqual(namesAt(member!.address), []);
    await world.signUp("bob");
    assert.equal((await takeWipedVm(await context("u-bob"), world.session))?.hostingerVmId, member!.vmId);
  });

  it("has a VM that nobody gets while any name of the zone leads to it", async () => {
    const [, member] = members;
    await addRecord(sandbox, `old-name.${sandbox.domain}`, member!.address);
    await givenUp(member!);
    await world.signUp("carol");
    assert.equal(await takeWipedVm(await context("u-carol"), world.session), undefined);
    assert.match((await lastGiveUp(pool, `u-${member!.username}`)).unusableBecause ?? "", /the name old-name\.\S+ still leads to its address/);
  });
});
