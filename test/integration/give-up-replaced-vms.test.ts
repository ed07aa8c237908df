/** VMs that a user had before another took their place: given up with the user's VPS, whatever they are called by now. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { HostingerClient } from "../../providers/hostinger/api/client.ts";
import type { Session } from "../../providers/hostinger/session.ts";
import { hostingerSettings } from "../../providers/hostinger/settings.ts";
import { giveUpReplaced, replacedVmsOf } from "../../src/provisioning/give-up/replaced-vms.ts";
import { findVpsByUserId, requestGiveUp } from "../../src/records/index.ts";
import type { GiveUp } from "../../src/records/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { addFleet } from "../support/fleet.ts";
import type { FleetMember } from "../support/fleet.ts";
import { withDatabase } from "../support/postgres.ts";
import { control } from "./sandbox-support.ts";

const { pool } = await withDatabase();
let sandbox: Sandbox;
let session: Session;
let members: FleetMember[];
const said: string[] = [];

beforeAll(async () => {
  sandbox = await startSandbox({ bootMs: 20, scriptMs: 10, actionMs: 10 });
  const settings: Record<string, string> = { "hostinger:apiKey": sandbox.hostingerToken, "hostinger:baseUrl": sandbox.hostingerUrl };
  const client = new HostingerClient({ baseUrl: sandbox.hostingerUrl, apiKey: sandbox.hostingerToken });
  session = { client, settings: hostingerSettings({ get: (key: string) => settings[key] }, {}), signal: new AbortController().signal, report: (text) => void said.push(text) };
});
afterAll(async () => {
  await session.client.close();
  await sandbox.close();
});

eachBeginsEmpty({ pool });
beforeEach(async () => {
  sandbox.reset();
  said.length = 0;
  members = await addFleet(sandbox, pool, 2);
});

const vmOf = (member: FleetMember) => sandbox.state().vms.find(({ id }) => id === member.vmId)!;

async function replaced(userId: string, vmId: number): Promise<GiveUp> {
  const record = (await findVpsByUserId(pool, userId))!;
  await pool.query(
    "INSERT INTO vps_changes (user_id, username, kind, vm_id, declared_before, declared_after, requested_by, reason, begun_at, ended_at, outcome) VALUES ($1, $2, 'replace', $3, '{}', '{}', 'op', 'test', now(), now(), 'succeeded')",
    [userId, record.username, vmId],
  );
  return await requestGiveUp(pool, record, { requestedBy: "op", reason: "test", wipe: true, graceHours: 0 });
}

describe("a VM that was given up for another", () => {
  it("is wiped with the user's VPS though it refused the name it was to be set aside under, and the user has another host name by now", async () => {
    const [present, old] = [members[0]!, members[1]!];
    await control(sandbox, "POST", `vms/${old.vmId}/drift`, { kind: "renamed", hostname: "an-earlier-name.spoq.dev" });
    await pool.query("DELETE FROM user_vps WHERE hostinger_vm_id = $1", [old.vmId]);
    const giveUp = await replaced("u-user1", old.vmId);
    const others = await replacedVmsOf(pool, session, giveUp, [], present.vmId);
    assert.deepEqual(others, [old.vmId]);
    for (const id of others) await giveUpReplaced(session, giveUp, id);
    const { state, hostname, autoRenewed, actions } = vmOf(old);
    assert.deepEqual([state, hostname, autoRenewed, actions.filter(({ name }) => name === "recreate").length], ["stopped", `srv${old.vmId}.hstgr.cloud`, false, 1]);
  });

  it("is left alone once it is somebody else's by their record", async () => {
    const [present, other] = members as [FleetMember, FleetMember];
    const giveUp = await replaced("u-user1", other.vmId);
    assert.deepEqual(await replacedVmsOf(pool, session, giveUp, [], present.vmId), []);
    assert.ok(said.some((text) => text.includes(`VM ${other.vmId} belongs to somebody else by now`)));
    assert.deepEqual([vmOf(other).state, vmOf(other).autoRenewed], ["running", true]);
  });

  it("is told of where nobody knows which subscription pays it, and so whether it is renewed", async () => {
    const { vmId, hostname } = members[0]!;
    const { virtualMachines } = session.client;
    const client = Object.assign(Object.create(session.client) as typeof session.client, { virtualMachines: { ...virtualMachines, get: async (...given: Parameters<typeof virtualMachines.get>) => ({ ...(await virtualMachines.get(...given)), subscriptionId: null }) } });
    await giveUpReplaced({ ...session, client }, { hostname, templateId: 1007, wipe: false } as GiveUp, vmId);
    assert.equal(vmOf(members[0]!).state, "stopped");
    assert.ok(said.some((text) => text.includes(`VM ${vmId}: it is not known which subscription pays it`)), said.join("\n"));
  });
});
