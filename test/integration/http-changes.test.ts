/** POST /api/admin/vps/{username}/recreate, replace, rename: by HTTP, and by the command line that asks it. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { markEnded, readBooks, wishFor } from "../../src/purchases/index.ts";
import { beginChange, completeChange, endOpenChange, findVpsByUserId, notePaidUntil, openChange, requestVps, saveVpsResult, setVpsStatus } from "../../src/records/index.ts";
import type { VpsStatus } from "../../src/records/index.ts";
import { assertRefusal } from "../support/assert-refusal.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { withApp } from "../support/http-app.ts";
import { asOperator, asUser, TEST_JWT_SECRET } from "../support/tokens.ts";
import { runCli, runJson } from "./cli-support.ts";
import type { ErrorDocument } from "./cli-support.ts";

const KVM1 = "hostingercom-vps-kvm1-usd-1m";
const KVM2 = "hostingercom-vps-kvm2-usd-1m";
const { app, pool, jobs } = await withApp({ env: { SWEEP_IGNORED_NAMES: "ignored.spoq.dev" } });
eachBeginsEmpty({ pool, jobs });
const headers = await asOperator();
const ask = (username: string, change: string, payload: object = {}) => app.inject({ method: "POST", url: `/api/admin/vps/${username}/${change}`, headers, payload });
const recordOf = async (username: string) => (await findVpsByUserId(pool, `user_${username}`))!;
const jobsOf = (username: string) => jobs.enqueued.filter(({ userId }) => userId === `user_${username}`).map(({ operation }) => operation);

async function user(username: string, status: VpsStatus = "ready", vmId: number | null = 17_923): Promise<void> {
  await requestVps(pool, { userId: `user_${username}`, username, hostname: `${username}.spoq.dev`, plan: KVM1, templateId: 1007, dataCenterId: 9, sshPublicKey: null });
  await setVpsStatus(pool, `user_${username}`, { status });
  if (vmId !== null) await saveVpsResult(pool, `user_${username}`, { hostingerVmId: vmId });
}

describe("a change of a VPS, by HTTP,", () => {
  const changes: [change: string, body: object, declared: object][] = [
    ["recreate", {}, { recreation: 1, templateId: 1007 }],
    ["recreate", { templateId: 1002 }, { recreation: 1, templateId: 1002 }],
    ["replace", { plan: "kvm2" }, { plan: KVM2, dataCenterId: 9, recreation: 0 }],
    ["replace", { dataCenterId: 19 }, { plan: KVM1, dataCenterId: 19 }],
    ["rename", { hostname: "Other-name.spoq.dev" }, { hostname: "other-name.spoq.dev", bootHostname: "declared4.spoq.dev", username: "declared4" }],
  ];
  for (const [index, [change, body, declared]] of changes.entries()) {
    const username = change === "rename" ? "declared4" : `change-${index}`;
    it(`${change} ${JSON.stringify(body)} is declared, recorded with who and why, and queued once`, async () => {
      await user(username);
      const answer = await ask(username, change, { ...body, confirm: username, reason: "a test" });
      assert.equal(answer.statusCode, 202, answer.body);
      assert.equal(answer.json().status, "queued");
      const record = await recordOf(username);
      for (const [name, value] of Object.entries(declared)) assert.equal(record[name as keyof typeof record], value, name);
      const open = await openChange(pool, record.userId);
      assert.deepEqual([open?.kind, open?.vmId, open?.requestedBy, open?.reason, open?.before.hostname], [change, 17_923, "operator_1", "a test", `${username}.spoq.dev`]);
      assert.deepEqual(jobsOf(username), ["up"]);
    });
  }

  it("rename is refused while it is not known what comes of a purchase, which is recorded under the host name", async () => {
    await user("buyer");
    const { purchaseId } = await wishFor(pool, { userId: "user_buyer", username: "buyer", hostname: "buyer.spoq.dev", plan: KVM2, changeId: null, askedAt: new Date() });
    const rename = () => ask("buyer", "rename", { confirm: "buyer", hostname: "seller.spoq.dev" });
    for (const state of ["reserved", "awaiting_payment", "uncertain"]) {
      await pool.query("UPDATE vps_purchases SET state = $1, reserved_at = now()", [state]);
      assertRefusal(await rename(), 409, "STATUS_CONFLICT");
    }
    assert.equal((await recordOf("buyer")).hostname, "buyer.spoq.dev");
    await markEnded(pool, purchaseId, "written_off");
    assert.equal((await rename()).statusCode, 202);
  });

  it("rename is refused while no certificate is left this week, unless the name has had one, or it is to be all the same", async () => {
    await user("nobody-served");
    const { certificates } = await readBooks(pool);
    await pool.query("INSERT INTO vps_certificates (hostname, user_id, first_at) SELECT 'taken' || place || '.spoq.dev', 'somebody', now() - make_interval(days => 6) FROM generate_series(1, 49 - $1::int) AS place", [certificates]);
    const rename = (username: string, hostname: string, more = {}) => ask(username, "rename", { confirm: username, hostname, ...more });
    await user("last-served");
    assert.equal((await rename("last-served", "the-last.spoq.dev")).statusCode, 202, "the 50th; it counts until it has its certificate");
    await setVpsStatus(pool, "user_last-served", { status: "ready" });
    assert.equal((await rename("last-served", "the-last-one.spoq.dev")).statusCode, 202, "it corrects itself, and takes no other");
    await setVpsStatus(pool, "user_last-served", { status: "ready" });
    assert.equal((await ask("last-served", "recreate", { confirm: "last-served" })).statusCode, 202, "the name still waits for its certificate");
    const refused = await rename("nobody-served", "one-more.spoq.dev");
    assertRefusal(refused, 409, "STATUS_CONFLICT");
    assert.match(refused.json().error.message, /used up until \d{4}-.*: 50 of 50 \(CERTIFICATES_PER_WEEK\)/);
    assert.equal((await recordOf("nobody-served")).hostname, "nobody-served.spoq.dev");
    assert.equal((await rename("nobody-served", "taken1.spoq.dev")).statusCode, 202);
    await setVpsStatus(pool, "user_nobody-served", { status: "ready" });
    assert.equal((await rename("nobody-served", "one-more.spoq.dev", { withoutCertificate: true })).statusCode, 202);
  });

  it("recreate wipes nothing for a template that the installation is not made for, named or recorded", async () => {
    await user("rocky");
    const refusedFor = async (body: object) => {
      const refused = await ask("rocky", "recreate", { confirm: "rocky", ...body });
      assertRefusal(refused, 422, "INPUT_INVALID");
      assert.match(refused.json().error.message, /not for template 1014 \(Rocky Linux 9\); take 1007 \(Ubuntu/);
    };
    await refusedFor({ templateId: 1014 });
    await pool.query("UPDATE user_vps SET template_id = 1014 WHERE username = 'rocky'");
    await refusedFor({});
    assert.deepEqual([(await recordOf("rocky")).status, jobsOf("rocky")], ["ready", []]);
  });

  for (const change of ["recreate", "replace", "rename"]) {
    it(`${change} is refused without the user name, and for anybody but an operator`, async () => {
      const username = `sure-${change}`;
      await user(username);
      const body = change === "rename" ? { hostname: `other-${change}.spoq.dev` } : {};
      assertRefusal(await ask(username, change, body), 400, "REQUEST_INVALID");
      for (const confirm of ["", "bob", username.toUpperCase()]) assertRefusal(await ask(username, change, { ...body, confirm }), 422, "CONFIRMATION_WRONG");
      assertRefusal(await app.inject({ method: "POST", url: `/api/admin/vps/${username}/${change}`, headers: await asUser(username), payload: { ...body, confirm: username } }), 403, "SCOPE_MISSING");
      assert.deepEqual([(await recordOf(username)).status, await openChange(pool, `user_${username}`), jobsOf(username)], ["ready", undefined, []]);
    });
  }

  it("is refused while something is being done, for a VPS that is given up, and without a VM", async () => {
    for (const status of ["queued", "provisioning", "deprovisioning", "deprovisioned"] as const) {
      await user(`busy-${status}`, status);
      assertRefusal(await ask(`busy-${status}`, "recreate", { confirm: `busy-${status}` }), 409, "STATUS_CONFLICT");
    }
    await user("without-vm", "failed", null);
    assert.match(assertRefusal(await ask("without-vm", "replace", { confirm: "without-vm", plan: "kvm2" }), 409, "STATUS_CONFLICT").message, /no VM yet/);
    assertRefusal(await ask("nobody", "recreate", { confirm: "nobody" }), 404, "USER_NOT_FOUND");
  });

  it("that replaces nothing is refused, unless the VM is known to be gone", async () => {
    await user("nothing");
    for (const body of [{}, { plan: "kvm1" }, { dataCenterId: 9 }]) assertRefusal(await ask("nothing", "replace", { confirm: "nothing", ...body }), 422, "INPUT_INVALID");
    await setVpsStatus(pool, "user_nothing", { status: "failed", errorCode: "VM_GONE", reason: "an example" });
    assert.equal((await ask("nothing", "replace", { confirm: "nothing" })).statusCode, 202);
  });

  it("supersedes one that did not come to its end: with that goes its permission", async () => {
    await user("twice");
    await ask("twice", "replace", { confirm: "twice", plan: "kvm8" });
    await setVpsStatus(pool, "user_twice", { status: "failed" });
    await ask("twice", "replace", { confirm: "twice", plan: "kvm1" });
    const { items } = (await app.inject({ url: "/api/admin/vps/twice/changes", headers })).json();
    assert.deepEqual(items.map(({ after: { plan }, outcome }: { after: { plan: string }; outcome: string | null }) => [plan, outcome]), [[KVM1, null], ["hostingercom-vps-kvm8-usd-1m", "superseded"]]);
    const change = (await openChange(pool, "user_twice"))!;
    await beginChange(pool, change.changeId);
    await completeChange(pool, change, { isInstalledAnew: true });
    await notePaidUntil(pool, "user_twice", change.vmId, new Date("2026-12-24T00:00:00Z"));
    const { items: [ended] } = (await app.inject({ url: "/api/admin/vps/twice/changes", headers })).json();
    assert.deepEqual([ended.outcome, ended.paidUntil], ["succeeded", "2026-12-24T00:00:00.000Z"]);
  });

  for (const [hostname, status, code] of [["x.example.com", 422, "INPUT_INVALID"], ["spoq.dev", 422, "INPUT_INVALID"], ["a.b.spoq.dev", 422, "USERNAME_INVALID"], ["www.spoq.dev", 422, "USERNAME_INVALID"], ["-x.spoq.dev", 422, "USERNAME_INVALID"], ["ignored.spoq.dev", 422, "USERNAME_INVALID"], ["namesake.spoq.dev", 422, "INPUT_INVALID"], ["owner.spoq.dev", 409, "USERNAME_TAKEN"], ["moved.spoq.dev", 409, "USERNAME_TAKEN"]] as const) {
    it(`of the host name to ${hostname} is refused`, async () => {
      for (const name of ["namesake", "owner"]) await user(name);
      await pool.query("UPDATE user_vps SET hostname = 'moved.spoq.dev' WHERE username = 'owner'");
      assertRefusal(await ask("namesake", "rename", { confirm: "namesake", hostname }), status, code);
      assert.equal((await recordOf("namesake")).hostname, "namesake.spoq.dev");
    });
  }

  it("of the host name takes the name from those who sign up later", async () => {
    await user("early");
    assert.equal((await ask("early", "rename", { confirm: "early", hostname: "late.spoq.dev" })).statusCode, 202);
    const refused = await app.inject({ method: "POST", url: "/api/vps/provision", headers: await asUser("late") });
    assertRefusal(refused, 409, "USERNAME_TAKEN");
  });

  it("of the host name leaves the one of before to its user until it has come to its end, for it may be taken back", async () => {
    for (const name of ["twice", "other"]) await user(name);
    await pool.query("UPDATE user_vps SET hostname = 'once.spoq.dev' WHERE username = 'twice'");
    assert.equal((await ask("twice", "rename", { confirm: "twice", hostname: "anew-once.spoq.dev" })).statusCode, 202);
    const signUp = async () => app.inject({ method: "POST", url: "/api/vps/provision", headers: await asUser("once") });
    assertRefusal(await signUp(), 409, "USERNAME_TAKEN");
    assertRefusal(await ask("other", "rename", { confirm: "other", hostname: "once.spoq.dev" }), 409, "USERNAME_TAKEN");
    await pool.query("UPDATE vps_changes SET ended_at = now(), outcome = 'succeeded' WHERE username = 'twice'");
    assert.equal((await signUp()).statusCode, 202);
  });

  it("is forgotten when the user signs up afresh after giving the VPS up", async () => {
    await user("again");
    await ask("again", "rename", { confirm: "again", hostname: "anew.spoq.dev" });
    await ask("again", "recreate", { confirm: "again" });
    await setVpsStatus(pool, "user_again", { status: "deprovisioned" });
    await user("again", "queued", null);
    const { hostname, bootHostname, recreation, credentialsRotation, firstRotation } = await recordOf("again");
    assert.deepEqual([hostname, bootHostname, recreation, credentialsRotation, firstRotation], ["again.spoq.dev", null, 0, 2, 2]);
  });
});

describe("a change of a VPS, by the command line,", () => {
  let env: Record<string, string> = {};
  beforeAll(async () => {
    env = { USER_VPS_URL: await app.listen({ port: 0, host: "127.0.0.1" }), JWT_SECRET: TEST_JWT_SECRET };
  });
  afterAll(() => app.server.closeAllConnections());

  const commands: [words: string[], what: RegExp][] = [
    [["recreate", "cli-user"], /VM 17923 of cli-user will be wiped/],
    [["replace", "cli-user", "--plan", "kvm2"], /A KVM 2 will be bought \(list price 6\.99 USD for the first month, then 17\.99 USD\).*not copied: it stays on VM 17923/],
    [["rename", "cli-user", "cli-other.spoq.dev"], /cli-user\.spoq\.dev will lead nowhere/],
  ];
  for (const [words, what] of commands) {
    it(`${words[0]} says what would happen, does nothing unconfirmed, and asks the service when it is confirmed`, async () => {
      await user("cli-user");
      const { code, stderr } = await runCli(words, { env });
      assert.equal(code, 3, stderr);
      assert.match(stderr.replaceAll(/\s+/g, " "), what);
      assert.equal((await runJson<ErrorDocument>([...words, "--confirm", "bob"], { env, code: 3 })).error.code, "CANCELLED");
      assert.equal(await openChange(pool, "user_cli-user"), undefined);

      const asked = await runJson<{ vps: { status: string } }>([...words, "--confirm", "cli-user", "--reason", "by hand"], { env });
      assert.equal(asked.vps.status, "queued");
      const open = await openChange(pool, "user_cli-user");
      assert.deepEqual([open?.kind, open?.reason], [words[0], "by hand"]);
      assert.match(open?.requestedBy ?? "", /^cli:/);
    });
  }

  it("is listed by `changes`, as a table and as JSON", async () => {
    for (const [change, wish] of [["recreate", {}], ["replace", { plan: "kvm2" }], ["rename", { hostname: "cli-other.spoq.dev" }]] as const) {
      await user("cli-user");
      assert.equal((await ask("cli-user", change, { confirm: "cli-user", ...wish })).statusCode, 202);
      await endOpenChange(pool, "user_cli-user", "superseded");
    }
    assert.match((await runCli(["changes", "cli-user"], { env })).stdout, /rename +17923 +hostname cli-user\.spoq\.dev -> cli-other\.spoq\.dev/);
    const kinds = await runJson<{ kind: string }[]>(["changes", "cli-user"], { env });
    assert.deepEqual(kinds.map(({ kind }) => kind), ["rename", "replace", "recreate"]);
  });

  it("fails in the service's own words, and with an exit code of its own", async () => {
    await user("cli-user");
    assert.equal((await runJson<ErrorDocument>(["recreate", "nobody-there"], { env, code: 1 })).error.code, "USER_NOT_FOUND");
    assert.equal((await runJson<ErrorDocument>(["recreate", "cli-user"], { env: { ...env, USER_VPS_TOKEN: "a.b.c" }, code: 2 })).error.code, "UNAUTHENTICATED");
    assert.equal((await runJson<ErrorDocument>(["recreate", "cli-user"], { env: { USER_VPS_URL: env["USER_VPS_URL"] }, code: 2 })).error.code, "CONFIG_INVALID");
    assert.equal((await runJson<ErrorDocument>(["recreate", "cli-user"], { env: { ...env, USER_VPS_URL: "http://127.0.0.1:1" }, code: 4 })).error.code, "API_UNREACHABLE");
    assert.equal((await runJson<ErrorDocument>(["replace", "cli-user", "--plan", "kvm3"], { env, code: 2 })).error.code, "INPUT_INVALID");
  });
});
