import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { ERROR_CATALOGUE, type ErrorCode } from "../../providers/core/errors.ts";
import { appendRunLog, beginPhase, findVpsByUserId, finishRun, requestGiveUp, requestVps, saveVpsResult, setVpsStatus, startRun, type StatusChange } from "../../src/records/index.ts";
import { assertRefusal } from "../support/assert-refusal.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { withApp } from "../support/http-app.ts";
import { asOperator, asUser } from "../support/tokens.ts";

const { app, pool, jobs } = await withApp();
eachBeginsEmpty({ pool, jobs });
const headers = await asOperator();
const get = (url: string) => app.inject({ url: `/api/admin${url}`, headers });
const act = (username: string, action: string, payload?: object) => app.inject({ method: "POST", url: `/api/admin/vps/${username}/${action}`, headers, ...(payload ? { payload } : {}) });
const jobsOf = (username: string) => jobs.enqueued.filter(({ userId }) => userId === `user_${username}`);

async function user(username: string, change?: StatusChange, vmId?: number): Promise<string> {
  const userId = `user_${username}`;
  await requestVps(pool, { userId, username, hostname: `${username}.spoq.dev`, plan: "kvm1", templateId: 1007, dataCenterId: 19, sshPublicKey: null });
  if (change) await setVpsStatus(pool, userId, change);
  if (vmId) await saveVpsResult(pool, userId, { hostingerVmId: vmId, address: "192.0.2.7", url: `https://${username}.spoq.dev` });
  return userId;
}

async function run(username: string, runId: string, operation: "up" | "destroy", outcome?: "failed" | "succeeded"): Promise<void> {
  await startRun(pool, { runId, userId: `user_${username}`, username, operation, workerId: "w", hostId: "h", pid: 1 });
  if (outcome) await finishRun(pool, runId, { outcome, seconds: 1.5, resourceChanges: { create: 5 }, resources: [{ type: "t", name: "n", operation: "create", seconds: 1 }] });
}

describe("GET /api/admin/vps", () => {
  it("lists page by page without repeating or leaving out, and filters", async () => {
    for (const name of ["page-a", "page-b", "page-c", "page-d", "page-e"]) await user(name, name === "page-c" ? { status: "failed", reason: "an example" } : undefined);
    const seen: string[] = [];
    let cursor = "";
    for (let pages = 0; pages < 3; pages += 1) {
      const page = (await get(`/vps?search=PAGE-&limit=2${cursor}`)).json();
      seen.push(...page.items.map(({ username }: { username: string }) => username));
      if (pages < 2) assert.equal(page.items.length, 2);
      else assert.equal(page.nextCursor, null);
      cursor = `&cursor=${page.nextCursor}`;
    }
    assert.deepEqual(seen, ["page-a", "page-b", "page-c", "page-d", "page-e"]);
    const failed = (await get("/vps?search=page&status=failed")).json();
    assert.deepEqual(failed.items.map(({ username }: { username: string }) => username), ["page-c"]);
    assert.equal(failed.items[0].failure.reason, "an example");
  });

  it("tells what the engine said, which its user sees by its meaning alone: it names hosts of the installation", async () => {
    await user("erin", { status: "failed", errorCode: "ENGINE_FAILED", reason: "ENGINE_FAILED: PUT http://vault.internal:8200/v1/transit: Vault is sealed", nextStep: "Ask an operator." });
    const asSeenBy = { operator: (await get("/vps/erin")).json(), user: (await app.inject({ url: "/api/vps/status", headers: await asUser("erin") })).json() };
    assert.deepEqual(asSeenBy.operator.failure, { code: "ENGINE_FAILED", reason: "PUT http://vault.internal:8200/v1/transit: Vault is sealed", next: "Ask an operator." });
    assert.deepEqual(asSeenBy.user.failure, { code: "ENGINE_FAILED", reason: "The Pulumi engine ended with an error.", next: "Ask an operator." });
  });

  it("tells a user nothing of whoever has got the user's VM", async () => {
    await user("iris", { status: "failed", errorCode: "VM_MISMATCH", reason: "VM_MISMATCH: VM 17923 is called bob.spoq.dev, expected iris.spoq.dev", nextStep: "Ask an operator." });
    assert.match((await get("/vps/iris")).json().failure.reason, /bob/);
    assert.ok(!(await app.inject({ url: "/api/vps/status", headers: await asUser("iris") })).body.includes("bob"));
  });

  it("tells a user of a purchase in doubt or given up, of a refused payment and of a VM that may be another's no more than what it means", async () => {
    const said = {
      PURCHASE_UNCERTAIN: "340 VMs and 312 subscriptions were looked at, but the purchase for bob.spoq.dev (record 7) may have bought it as well.",
      CANCELLED: "The purchase was given up by ada@example.com: fraud in bob's family.",
      PAYMENT_REFUSED: "Hostinger answered 402: bob's card ends in 4242.",
      VM_NOT_OURS: "VM 17923 is bob's.",
    };
    for (const [code, reason] of Object.entries(said)) {
      const name = `told-${code.toLowerCase().replaceAll("_", "-")}`;
      await user(name, { status: "failed", errorCode: code, reason: `${code}: ${reason}`, nextStep: "Ask an operator." });
      assert.equal((await get(`/vps/${name}`)).json().failure.reason, reason);
      assert.deepEqual((await app.inject({ url: "/api/vps/status", headers: await asUser(name) })).json().failure, { code, reason: ERROR_CATALOGUE[code as ErrorCode].meaning, next: "Ask an operator." });
    }
  });

  it("tells operators figures, people and cards of which its users are told in general", async () => {
    const asSeenBy = async (name: string) => ({ operator: (await get(`/vps/${name}`)).json(), user: (await app.inject({ url: "/api/vps/status", headers: await asUser(name) })).json() });
    await user("finn", { status: "queued", errorCode: "STACK_LOCKED", reason: "STACK_LOCKED: ada@laptop (process 4711) has been working on the stack finn", nextStep: "Wait for it." });
    const locked = await asSeenBy("finn");
    assert.match(locked.operator.failure.reason, /ada@laptop/);
    assert.deepEqual(locked.user.failure, { code: "STACK_LOCKED", reason: "Another update of the stack is running.", next: "Wait for it." });

    await user("hugo", { status: "ready" });
    await act("hugo", "suspend", { reason: "ada has seen the card of bob" });
    const suspended = await asSeenBy("hugo");
    assert.equal(suspended.operator.failure.reason, "Suspended by an operator: ada has seen the card of bob");
    assert.deepEqual(suspended.user.failure, { code: null, reason: "The VPS is suspended.", next: "Ask an operator to resume it; nothing is wiped." });

    for (const [code, reason] of [
      ["NAME_IN_USE", "The name finn.spoq.dev is in use already: the zone holds TXT bob-keeps-this (record 4711)."],
      ["API_ANSWER_UNEXPECTED", "An entry in the list of VMs (17924, bob.spoq.dev) cannot be read."],
      ["API_REJECTED", "Hostinger answered 422: payment_method_id 1234567 is not valid."],
      ["VM_NOT_FOUND", "The token's Hostinger account has 2 VMs, and of 3 that are in use by the records not one (VM 17924 of bob, …). Is it another account's token?"],
    ] as const) {
      await setVpsStatus(pool, "user_finn", { status: "failed", errorCode: code, reason: `${code}: ${reason}`, nextStep: "Ask." });
      const seen = await asSeenBy("finn");
      assert.deepEqual([seen.operator.failure.reason, seen.user.failure.reason], [reason, ERROR_CATALOGUE[code].meaning]);
    }

    await user("gina", { status: "queued" });
    const told = async (kind: string, waitingFor: string) => {
      await pool.query("UPDATE user_vps SET waiting_kind = $1, waiting_for = $2 WHERE username = 'gina'", [kind, waitingFor]);
      const seen = await asSeenBy("gina");
      assert.equal(seen.operator.waitingFor, waitingFor);
      assert.equal(seen.user.waiting.kind, kind);
      return seen.user.waitingFor;
    };
    assert.equal(await told("spend_per_month", "this month's spend is used up: 4871.20 of 5000.00 (SPEND_PER_MONTH_CENTS); it goes on with the next month"), "this month's spend is used up; it goes on with the next month");
    assert.equal(await told("purchases_off", "purchases were switched off by an operator: fraud in bob's family"), "purchases are switched off");
    assert.equal(await told("payment_method", "purchases cannot be paid: payment method 1234567 has expired"), "purchases cannot be paid at the moment");
    assert.equal(await told("zone_records", "the DNS zone is full: 198 of 200 records (ZONE_RECORD_LIMIT), and 2 more are on their way"), "the DNS zone is full; it is tried again now and then");
    for (const everybodys of ["today's purchases are used up: 5 of 5 (PURCHASES_PER_DAY); it goes on after midnight UTC"]) assert.equal(await told("purchases_per_day", everybodys), everybodys);
    assert.equal(await told("spend_per_month", "others have asked earlier and wait for the same; it goes on in their order"), "others have asked earlier and wait for the same; it goes on in their order");
  });

  it("takes the search's characters as they are", async () => {
    await user("literal");
    assert.deepEqual((await get(`/vps?search=${encodeURIComponent("lit%")}`)).json().items, []);
    assert.deepEqual((await get(`/vps?search=${encodeURIComponent("l_teral")}`)).json().items, []);
  });

  it("shows one user with the ids that only operators see", async () => {
    await user("shown", { status: "ready" }, 17_923);
    const body = (await get("/vps/shown")).json();
    assert.deepEqual([body.userId, body.vmId, body.address, body.dataCenter.city], ["user_shown", 17_923, "192.0.2.7", "Frankfurt"]);
    assertRefusal(await get("/vps/nobody"), 404, "USER_NOT_FOUND");
  });
});

describe("runs", () => {
  it("are listed newest first, page by page", async () => {
    await user("runner");
    for (const id of ["r1", "r2", "r3"]) await run("runner", id, "up", "succeeded");
    const first = (await get("/vps/runner/runs?limit=2")).json();
    assert.deepEqual(first.items.map(({ runId }: { runId: string }) => runId), ["r3", "r2"]);
    const second = (await get(`/vps/runner/runs?limit=2&cursor=${first.nextCursor}`)).json();
    assert.deepEqual([second.items.map(({ runId }: { runId: string }) => runId), second.nextCursor], [["r1"], null]);
    assert.deepEqual(first.items[0].resourceChanges, { create: 5 });
    assert.equal(first.items[0].seconds, 1.5);
  });

  it("have a log that is read on from a line, and says when it has ended", async () => {
    await user("logger");
    await run("logger", "log-run", "up");
    await appendRunLog(pool, "log-run", ["one", "two", "three\0"]);
    const part = (await get("/runs/log-run/log?limit=2")).json();
    assert.deepEqual([part.lines.map(({ line }: { line: string }) => line), part.ended], [["one", "two"], false]);
    await finishRun(pool, "log-run", { outcome: "succeeded", seconds: 1 });
    const rest = (await get(`/runs/log-run/log?afterSeq=${part.lines[1].seq}`)).json();
    assert.deepEqual([rest.lines.map(({ line }: { line: string }) => line), rest.ended], [["three"], true]);
  });

  it("that are not there: 404", async () => {
    assertRefusal(await get("/runs/none"), 404, "RUN_NOT_FOUND");
    assertRefusal(await get("/runs/none/log"), 404, "RUN_NOT_FOUND");
    assertRefusal(await get("/vps/nobody/runs"), 404, "USER_NOT_FOUND");
  });
});

describe("operators' actions", () => {
  it("retry queues a failed user's `up` again and forgets the failure", async () => {
    await user("again", { status: "failed", errorCode: "VM_ERROR", reason: "an example", nextStep: "none" });
    const answer = await act("again", "retry");
    assert.equal(answer.statusCode, 202);
    assert.deepEqual([answer.json().status, answer.json().failure], ["queued", null]);
    assert.deepEqual(jobsOf("again"), [{ operation: "up", userId: "user_again" }]);
    assertRefusal(await act("again", "retry"), 409, "STATUS_CONFLICT");
  });

  it("retry after a failed destroy destroys, and does not make anew", async () => {
    await user("leaving", { status: "failed", reason: "an example" });
    await requestGiveUp(pool, (await findVpsByUserId(pool, "user_leaving"))!, { requestedBy: "op", reason: "a test", wipe: false, graceHours: 0 });
    await run("leaving", "leaving-run", "destroy", "failed");
    assert.equal((await act("leaving", "retry")).json().status, "deprovisioning");
    assert.deepEqual(jobsOf("leaving"), [{ operation: "destroy", userId: "user_leaving" }]);
  });

  it("posted twice at once, retry queues one job", async () => {
    await user("twice", { status: "failed", reason: "an example" });
    const answers = await Promise.all([act("twice", "retry"), act("twice", "retry")]);
    assert.deepEqual(answers.map(({ statusCode }) => statusCode).sort(), [202, 409]);
    assert.equal(jobsOf("twice").length, 1);
  });

  it("cancel reaches the queue while something is being done, else 409", async () => {
    const userId = await user("stopme");
    assert.equal((await act("stopme", "cancel")).statusCode, 202);
    assert.deepEqual(jobs.cancelled, [userId]);
    await setVpsStatus(pool, userId, { status: "ready" });
    assertRefusal(await act("stopme", "cancel"), 409, "STATUS_CONFLICT");
  });

  for (const action of ["start", "stop", "restart"]) {
    it(`${action} queues the VM's ${action}; without a VM, or while busy, 409`, async () => {
      const name = `vm-${action}`;
      const userId = await user(name);
      assertRefusal(await act(name, action), 409, "STATUS_CONFLICT");
      await setVpsStatus(pool, userId, { status: "ready" });
      assertRefusal(await act(name, action), 409, "STATUS_CONFLICT");
      await saveVpsResult(pool, userId, { hostingerVmId: 5 });
      assert.equal((await act(name, action)).statusCode, 202);
      assert.deepEqual(jobsOf(name), [{ operation: "power", action, userId }]);
    });
  }

  it("deprovision wants the user name typed again", async () => {
    await user("goner", { status: "ready" });
    assertRefusal(await act("goner", "deprovision"), 400, "REQUEST_INVALID");
    assertRefusal(await act("goner", "deprovision", { confirm: "gone" }), 422, "CONFIRMATION_WRONG");
    assert.deepEqual(jobsOf("goner"), []);
    assert.equal((await act("goner", "deprovision", { confirm: "goner" })).json().status, "deprovisioning");
    assert.deepEqual(jobsOf("goner"), [{ operation: "destroy", userId: "user_goner" }]);
    assertRefusal(await act("goner", "deprovision", { confirm: "goner" }), 409, "STATUS_CONFLICT");
  });

  it("rotate-credentials asks for the next rotation and queues an `up`", async () => {
    const userId = await user("rotate", { status: "ready" });
    assert.equal((await act("rotate", "rotate-credentials")).json().credentialsRotation, 2);
    assert.deepEqual(jobsOf("rotate"), [{ operation: "up", userId }]);
    await setVpsStatus(pool, userId, { status: "provisioning" });
    assertRefusal(await act("rotate", "rotate-credentials"), 409, "STATUS_CONFLICT");
  });

  it("rotate-credentials tries a failed user who has a VM again, as for a certificate that only new credentials bring another authority to", async () => {
    const userId = await user("rotate-failed", { status: "failed", errorCode: "CERTIFICATE_RATE_LIMITED", reason: "an example" }, 18);
    const answer = (await act("rotate-failed", "rotate-credentials")).json();
    assert.deepEqual([answer.status, answer.credentialsRotation, answer.failure], ["queued", 2, null]);
    assert.deepEqual(jobsOf("rotate-failed"), [{ operation: "up", userId }]);
  });

  it("rotate-credentials goes on with no change and no giving up of a failed user, and makes none for one without a VM", async () => {
    await user("rotate-bare", { status: "failed", reason: "an example" });
    assert.match(assertRefusal(await act("rotate-bare", "rotate-credentials"), 409, "STATUS_CONFLICT").message, /no VM yet/);
    const given = await user("rotate-given", { status: "ready" }, 19);
    await act("rotate-given", "deprovision", { confirm: "rotate-given" });
    await setVpsStatus(pool, given, { status: "failed", reason: "an example" });
    assert.match(assertRefusal(await act("rotate-given", "rotate-credentials"), 409, "STATUS_CONFLICT").message, /being given up/);
    const changed = await user("rotate-changed", { status: "ready" }, 20);
    await act("rotate-changed", "replace", { confirm: "rotate-changed", plan: "kvm2" });
    await setVpsStatus(pool, changed, { status: "failed", reason: "an example" });
    assert.match(assertRefusal(await act("rotate-changed", "rotate-credentials"), 409, "STATUS_CONFLICT").message, /replace of .* has not come to its end/);
    for (const name of ["rotate-bare", "rotate-given", "rotate-changed"]) assert.equal((await get(`/vps/${name}`)).json().credentialsRotation, 1);
  });

  it("change nothing when the queue fails", async () => {
    const userId = await user("rollback", { status: "failed", reason: "an example" });
    jobs.outage = new Error("fake outage");
    assertRefusal(await act("rollback", "retry"), 500, "INTERNAL");
    jobs.outage = undefined;
    assert.equal((await findVpsByUserId(pool, userId))?.status, "failed");
  });

  it("on an unknown user: 404", async () => {
    for (const action of ["retry", "cancel", "start", "stop", "restart", "rotate-credentials"]) assertRefusal(await act("nobody", action), 404, "USER_NOT_FOUND");
    assertRefusal(await act("nobody", "deprovision", { confirm: "nobody" }), 404, "USER_NOT_FOUND");
  });
});

describe("phases", () => {
  it("are shown with their seconds, the open one so far", async () => {
    const userId = await user("phases");
    await run("phases", "phases-run", "up");
    for (const phase of ["engine", "vm"] as const) await beginPhase(pool, { runId: "phases-run", userId, phase });
    const { rows } = await pool.query("SELECT phase, ended_at IS NULL AS open FROM vps_phases WHERE user_id = $1 ORDER BY started_at", [userId]);
    assert.deepEqual(rows, [{ phase: "engine", open: false }, { phase: "vm", open: true }]);
    await finishRun(pool, "phases-run", { outcome: "succeeded", seconds: 1 });
    assert.equal((await pool.query("SELECT FROM vps_phases WHERE user_id = $1 AND ended_at IS NULL", [userId])).rowCount, 0);
  });
});

describe("the audit", () => {
  const of = async (username: string) => (await get(`/audit?username=${username}`)).json().items as { requestedBy: string; path: string; reason: string | null; status: number | null }[];
  const untilAnswered = async (username: string) => {
    // The answer is noted after it has been sent.
    for (let look = 0; look < 100 && (await of(username)).some(({ status }) => status === null); look += 1) await new Promise((resume) => setTimeout(resume, 20));
    return (await of(username)).map(({ requestedBy, path, reason, status }) => [requestedBy, path, reason, status]);
  };

  it("tells who asked for what and why, newest first, refusals too", async () => {
    await user("audited", { status: "ready" }, 17_924);
    assert.equal((await act("audited", "restart", { reason: "it hangs" })).statusCode, 202);
    assertRefusal(await act("audited", "retry"), 409, "STATUS_CONFLICT");
    assert.deepEqual(await untilAnswered("audited"), [
      ["operator_1", "/api/admin/vps/audited/retry", null, 409],
      ["operator_1", "/api/admin/vps/audited/restart", "it hangs", 202],
    ]);
  });

  it("has one spelling of what was asked for, however its address was spelt", async () => {
    await user("spelt", { status: "ready" }, 17_927);
    assert.equal((await act("%73pelt", "%72estart")).statusCode, 202);
    assert.deepEqual((await untilAnswered("spelt")).map(([, path]) => path), ["/api/admin/vps/spelt/restart"]);
    assert.equal((await get("/audit?username=spelt&action=restart")).json().items.length, 1);
  });

  it("holds nothing of those who only look or may not ask, and goes on page by page", async () => {
    await user("unaudited", { status: "ready" }, 17_925);
    await get("/vps/unaudited");
    await app.inject({ method: "POST", url: "/api/admin/vps/unaudited/restart" });
    assert.deepEqual(await of("unaudited"), []);
    for (let asked = 0; asked < 2; asked += 1) await act("unaudited", "restart");
    const first = (await get("/audit?limit=1")).json();
    const second = (await get(`/audit?limit=1&cursor=${first.nextCursor}`)).json();
    assert.ok(first.items[0].actionId > second.items[0].actionId);
  });

  it("comes first: what cannot be written down is not done", async () => {
    await user("unwritten", { status: "ready" }, 17_926);
    await pool.query("ALTER TABLE vps_operator_actions RENAME TO away");
    try {
      assert.equal((await act("unwritten", "restart")).statusCode, 500);
      assert.deepEqual(jobsOf("unwritten"), []);
    } finally {
      await pool.query("ALTER TABLE away RENAME TO vps_operator_actions");
    }
  });
});
