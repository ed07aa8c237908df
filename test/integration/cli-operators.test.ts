/** Operators' commands about one user, as processes, against the service's HTTP side with a real database and jobs that are only noted. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, it } from "vitest";
import { inTransaction } from "../../src/db/index.ts";
import type { AdminVpsView } from "../../src/http/vps-view.ts";
import { cancelGiveUp, findVpsByUserId, listGiveUps, requestChange, requestGiveUp, setVpsStatus } from "../../src/records/index.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { signToken } from "../support/tokens.ts";
import { callJson, runCli, runJson, startCli } from "./cli-support.ts";
import type { ErrorDocument } from "./cli-support.ts";
import { operatorsWorld, whenAsked } from "./operators-support.ts";

const { address, answers, env, jobs, pool, runOf, user } = await operatorsWorld();
eachBeginsEmpty({ pool, jobs });

interface Ordered {
  readonly vps: AdminVpsView;
  readonly run: { readonly operation: string; readonly outcome: string } | null;
}

describe("user-vps rotate, retry, cancel, power", () => {
  it("rotate asks for new credentials, and with --follow waits for them", async () => {
    const userId = await user("rosa");
    const rotated = runCli(["rotate", "rosa", "--follow", "--json"], { env });
    await whenAsked(() => jobs.enqueued.length === 1, () => runOf("rosa", "up", "succeeded", "ready"));
    const { code, stdout } = await rotated;
    const { vps, run } = JSON.parse(stdout) as Ordered;
    assert.deepEqual([code, vps.credentialsRotation, vps.status, run?.outcome], [0, 2, "ready", "succeeded"]);
    assert.deepEqual(jobs.enqueued, [{ operation: "up", userId }]);
  });

  it("--follow ends with 1 if it fails, and tells why", async () => {
    await user("rolf");
    const rotated = runCli(["rotate", "rolf", "--follow"], { env });
    await whenAsked(() => jobs.enqueued.length === 1, () => runOf("rolf", "up", "failed", "failed"));
    const { code, stdout } = await rotated;
    assert.deepEqual([code, stdout], [1, "rolf: up failed (VM_ERROR): an example of a failure\n"]);
  });

  it("--follow is not content with a run that was there before, and not for ever", async () => {
    await user("ruth");
    await runOf("ruth", "up", "succeeded");
    const { error } = await runJson<ErrorDocument>(["rotate", "ruth", "--follow", "--timeout", "1"], { env, code: 4 });
    assert.match(`${error.message} ${error.next}`, /in vain for the up of ruth to end\. The service goes on/);
  });

  it("--follow waits for nothing where there is no VM to stop or to start", async () => {
    const userId = await user("sven", "failed");
    const record = (await findVpsByUserId(pool, userId))!;
    await inTransaction(pool, (db) => requestChange(db, { ...record, hostingerVmId: record.hostingerVmId! }, { kind: "replace", to: {}, requestedBy: "operator_1", reason: "a fresh start" }));
    await setVpsStatus(pool, userId, { status: "failed", errorCode: "VM_ERROR", reason: "an example" });
    await pool.query("UPDATE user_vps SET hostinger_vm_id = NULL WHERE user_id = $1", [userId]);
    for (const [command, said] of [["suspend", /^sven: there is no VM to stop; it is suspended/], ["resume", /^sven: there is no VM to start; it is failed: CHANGE_REFUSED: The replace of /]] as const) {
      const { code, stdout } = await runCli([command, "sven", "--reason", "x", "--follow", "--timeout", "20"], { env });
      assert.equal(code, 0);
      assert.match(stdout, said);
      assert.match(stdout, /\nNothing is queued yet that could be followed\.\n$/);
    }
    assert.deepEqual(jobs.enqueued, []);
  });

  it("--follow goes on when nobody reads any more what it tells", async () => {
    await user("rhea");
    const rotated = startCli(["rotate", "rhea", "--follow"], { env });
    rotated.stderr!.destroy();
    const [ended, printed] = [once(rotated, "close"), text(rotated.stdout!)];
    await whenAsked(() => jobs.enqueued.length === 1, () => runOf("rhea", "up", "succeeded", "ready"));
    assert.deepEqual(await ended, [0, null]);
    assert.match(await printed, /^rhea: up is done after/);
  });

  it("--follow goes on when the service does not answer for a moment", async () => {
    await user("rita");
    let dropped = 0;
    /** Breaks off the first two looks after the order. */
    const flaky = createServer((request, response) => {
      if (jobs.enqueued.length > 0 && dropped < 2) {
        dropped += 1;
        return void request.socket.destroy();
      }
      const { method = "", url = "", headers } = request;
      const body = method === "POST" ? "{}" : undefined;
      fetch(`${address}${url}`, { method, headers: { authorization: headers.authorization!, ...(body && { "content-type": "application/json" }) }, ...(body && { body }) })
        .then(async (answer) => response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text()), () => request.socket.destroy());
    }).listen(0, "127.0.0.1");
    await once(flaky, "listening");
    try {
      const rotated = runCli(["rotate", "rita", "--follow"], { env: { ...env, USER_VPS_URL: `http://127.0.0.1:${(flaky.address() as AddressInfo).port}` } });
      await whenAsked(() => jobs.enqueued.length === 1, () => runOf("rita", "up", "succeeded", "ready"));
      const { code, stdout, stderr } = await rotated;
      assert.deepEqual([code, stdout, dropped], [0, "rita: up is done after 2 s; it is ready.\n", 2]);
      assert.match(stderr, /the service does not answer; asking again/);
    } finally {
      flaky.close();
    }
  });

  it("--follow ends at SIGINT with 130", async () => {
    const userId = await user("rolf");
    const child = startCli(["rotate", "rolf", "--follow"], { env });
    const ended = new Promise<number | null>((done) => child.once("close", done));
    child.stdout!.resume();
    child.stderr!.resume();
    await whenAsked(() => jobs.enqueued.some((job) => job.userId === userId), async () => undefined);
    child.kill("SIGINT");
    assert.equal(await ended, 130);
  });

  it("retry tries again what failed, what was given up too", async () => {
    const userId = await user("rudi", "failed");
    assert.equal((await runJson<Ordered>(["retry", "rudi"], { env })).vps.status, "queued");
    assert.deepEqual(jobs.enqueued, [{ operation: "up", userId }]);
    assert.match((await runJson<ErrorDocument>(["retry", "rudi"], { env, code: 1 })).error.code, /STATUS_CONFLICT/);
    const leaving = await user("rike", "failed");
    await requestGiveUp(pool, (await findVpsByUserId(pool, leaving))!, { requestedBy: "op", reason: "a test", wipe: false, graceHours: 0 });
    await runOf("rike", "destroy", "failed");
    assert.equal((await runJson<Ordered>(["retry", "rike"], { env })).vps.status, "deprovisioning");
    assert.deepEqual(jobs.enqueued[1], { operation: "destroy", userId: leaving });
  });

  it("cancel ends what is being done, and is refused where nothing is", async () => {
    await user("rene", "provisioning");
    assert.match((await runCli(["cancel", "rene"], { env })).stdout, /^rene: it is being ended; so far it is provisioning\.$/m);
    assert.deepEqual(jobs.cancelled, ["user_rene"]);
    await setVpsStatus(pool, "user_rene", { status: "ready" });
    assert.equal((await runJson<ErrorDocument>(["cancel", "rene"], { env, code: 1 })).error.code, "STATUS_CONFLICT");
  });

  it("power starts, stops and restarts the VM, and nothing else", async () => {
    const userId = await user("paul");
    for (const action of ["start", "stop"]) await runJson<Ordered>(["power", action, "paul"], { env });
    const restarted = runCli(["power", "restart", "paul", "--follow"], { env });
    await whenAsked(() => jobs.enqueued.length === 3, () => runOf("paul", "power", "succeeded"));
    assert.match((await restarted).stdout, /^paul: power is done after 2 s; it is ready\.$/m);
    assert.deepEqual(jobs.enqueued, ["start", "stop", "restart"].map((action) => ({ operation: "power", action, userId })));
    assert.match((await runJson<ErrorDocument>(["power", "explode", "paul"], { env, code: 2 })).error.message, /start, stop, restart/);
  });
});

describe("user-vps deprovision and given-up", () => {
  const deprovision = (...args: string[]) => ["deprovision", "gina", "--reason", "account closed", ...args];

  it("is refused where nobody can be asked, with another name, and without a reason; nothing is changed", async () => {
    await user("gina");
    for (const confirm of [[], ["--confirm", "gustav"], ["--confirm", ""], ["--confirm", "Gina"]]) {
      const { error } = await runJson<ErrorDocument>(deprovision(...confirm), { env, code: 3 });
      assert.match(error.message, /gina\.spoq\.dev, VM 17923, ready.*grace period.*wiped.*stays paid/s);
      assert.match(error.next, /--confirm gina/);
    }
    assert.match((await runJson<ErrorDocument>(["deprovision", "gina", "--confirm", "gina"], { env, code: 2 })).error.next, /--reason/);
    assert.deepEqual([jobs.enqueued, (await findVpsByUserId(pool, "user_gina"))?.status, (await listGiveUps(pool, { limit: 10 })).filter(({ username }) => username === "gina")], [[], "ready", []]);
  });

  it("tells until when it can be cancelled; cancel then keeps everything", async () => {
    await user("gina");
    const { code, stdout } = await runCli(deprovision("--confirm", "gina"), { env });
    assert.equal(code, 0);
    assert.match(stdout, /^gina: it is given up at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC; until then `user-vps cancel gina` keeps everything\.$/m);
    const [giveUp] = await listGiveUps(pool, { limit: 1 });
    assert.deepEqual([giveUp?.requestedBy, giveUp?.reason, giveUp?.wipe], ["operator_1", "account closed", true]);
    assert.equal((await runCli(["cancel", "gina"], { env })).stdout, "gina: ready.\n");
  });

  it("--keep-data wipes nothing; given-up lists both with what is known", async () => {
    const userId = await user("gina");
    await requestGiveUp(pool, (await findVpsByUserId(pool, userId))!, { requestedBy: "operator_1", reason: "a mistake", wipe: true, graceHours: 72 });
    assert.ok(await inTransaction(pool, (db) => cancelGiveUp(db, userId)));
    const { vps, giveUp } = await runJson<{ vps: AdminVpsView; giveUp: { wipe: boolean; username: string } }>(deprovision("--keep-data", "--confirm", "gina"), { env });
    assert.deepEqual([vps.status, giveUp.wipe, giveUp.username], ["deprovisioning", false, "gina"]);
    await pool.query("UPDATE vps_give_ups SET paid_until = '2026-05-06T00:00:00Z', vm_id = 17923 WHERE cancelled_at IS NULL");
    const { stdout } = await runCli(["given-up"], { env });
    assert.match(stdout, /^gina +17923 +due .* +2026-05-06 00:00:00 +- +operator_1 +account closed$/m);
    assert.match(stdout, /^gina +- +cancelled /m);
    assert.equal((await runJson<{ username: string }[]>(["given-up", "--all"], { env })).filter(({ username }) => username === "gina").length, 2);
  });
});

describe("user-vps snapshot and actions", () => {
  it("snapshot wants the user name again, whether or not there is an earlier one", async () => {
    const userId = await user("sara");
    for (const confirm of [[], ["--confirm", "sam"], ["--confirm", ""]]) assert.match((await runJson<ErrorDocument>(["snapshot", "sara", ...confirm], { env, code: 3 })).error.next, /--confirm sara/);
    assert.deepEqual(jobs.enqueued, []);
    assert.equal((await runJson<Ordered>(["snapshot", "sara", "--confirm", "sara"], { env })).vps.username, "sara");
    assert.deepEqual(jobs.enqueued.map(({ operation, userId: of }) => [operation, of]), [["snapshot", userId]]);
  });

  it("snapshot --follow ends with 1 if Hostinger could not make it", async () => {
    await user("sara");
    const made = runCli(["snapshot", "sara", "--confirm", "sara", "--follow"], { env });
    await whenAsked(() => jobs.enqueued.length === 1, () => runOf("sara", "snapshot", "failed", undefined, "VM_ACTION_FAILED"));
    const { code, stdout } = await made;
    assert.deepEqual([code, stdout], [1, "sara: snapshot failed (VM_ACTION_FAILED): an example of a failure It is tried again by itself.\n"]);
  });

  it("actions lists what a worker was told", async () => {
    await user("sara");
    answers.actions = { vmId: 5, actions: [{ id: 8, name: "restart", state: "success", createdAt: "2026-01-02T03:04:05Z", updatedAt: null }] };
    assert.match((await runCli(["actions", "sara"], { env })).stdout, /^8 +restart +completed +success +2026-01-02 03:04:05 +-$/m);
    assert.equal((await runJson<{ vmId: number }>(["actions", "sara"], { env })).vmId, 5);
    answers.actions = { error: "an example of a failure" };
    assert.match((await runJson<ErrorDocument>(["actions", "sara"], { env, code: 4 })).error.message, /an example of a failure/);
  });
});

describe("every operators' command", () => {
  afterEach(() => assert.deepEqual(jobs.enqueued, [], "nothing is changed by what is refused"));
  const COMMANDS: readonly (readonly string[])[] = [
    ["findings"], ["given-up"], ["repair", "USER", "--why", "x"], ["rotate", "USER"], ["retry", "USER"], ["cancel", "USER"], ["power", "stop", "USER"],
    ["actions", "USER"], ["snapshot", "USER", "--confirm", "USER"], ["deprovision", "USER", "--reason", "x", "--confirm", "USER"],
  ];
  const of = (command: readonly string[], name: string) => command.map((word) => (word === "USER" ? name : word));
  const failed = async (args: readonly string[], more: Record<string, string | undefined>, code: number) => (await callJson<ErrorDocument>(args, { env: { ...env, ...more }, code })).error;

  for (const command of COMMANDS) {
    it(`${command[0]}: tells a service that is away, a token that does not do, and none apart`, async () => {
      const args = of(command, "zoe");
      const [away, wrong, users, none] = await Promise.all([
        failed(args, { USER_VPS_URL: "http://127.0.0.1:1" }, 4), failed(args, { USER_VPS_TOKEN: "fake-token-that-nobody-accepts" }, 2),
        failed(args, { USER_VPS_TOKEN: await signToken({ sub: "user_zoe", username: "zoe" }) }, 2), failed(args, { USER_VPS_TOKEN: undefined }, 2),
      ]);
      assert.deepEqual([away.code, wrong.code, users.code, none.code], ["API_UNREACHABLE", "UNAUTHENTICATED", "SCOPE_MISSING", "CONFIG_INVALID"]);
      assert.doesNotMatch(JSON.stringify([away, wrong, users, none]), /fake-token/);
    });
  }

  it("with a name that is none asks the service for nothing", async () => {
    const asked = { USER_VPS_URL: "http://127.0.0.1:1" };
    const names = ["../sweeps", "a/b", "al ice", "alice?x=1", "alice%2f..", "Alice", "älice", "\u001b[2J", "x".repeat(64), ""];
    const commands = COMMANDS.filter((command) => command.includes("USER"));
    // Each command with some of them, each of them with some command.
    await Promise.all(names.map(async (name, place) => {
      const { error } = await runJson<ErrorDocument>(of(commands[place % commands.length]!, name), { env: { ...env, ...asked }, code: 2 });
      assert.match(error.code, /^(USERNAME|INPUT)_INVALID$/, name);
      assert.doesNotMatch(error.message, /\p{Cc}/u);
    }));
  });

  it("says of a user whom the service does not know that there is none", async () => {
    for (const command of COMMANDS.filter(([name]) => !["findings", "given-up", "repair"].includes(name!))) {
      assert.equal((await failed(of(command, "nobody"), {}, 1)).code, "USER_NOT_FOUND", command[0]);
    }
    assert.match((await runCli(["repair", "nobody", "--why", "x"], { env })).stdout, /no open findings/);
  });
});
