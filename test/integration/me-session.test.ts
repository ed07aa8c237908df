/** Handing a user over to /me: codes, cookies, and what a session may do. */
import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { saveVpsResult, finishRun, saveCredentials, setVpsStatus, startRun } from "../../src/records/index.ts";
import { assertRefusal } from "../support/assert-refusal.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { withApp } from "../support/http-app.ts";
import { openStream } from "../support/event-stream.ts";
import { asUser, signToken } from "../support/tokens.ts";

const EVERYTHING = "restart,rotate-credentials,ssh-key,snapshot,restore";
const { app, pool, jobs, cipher } = await withApp({ env: { USER_ACTIONS: EVERYTHING } });
eachBeginsEmpty({ pool, jobs });
const address = await app.listen({ host: "127.0.0.1", port: 0 });
const HOST = "localhost";
/** Obviously fake; its encoded part names its kind. */
const KEY = `ssh-ed25519 ${Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from("ssh-ed25519"), Buffer.from([0, 0, 0, 32]), Buffer.alloc(32, 7)]).toString("base64")} me`;

async function handOver(username: string): Promise<{ url: string; code: string }> {
  const answer = await app.inject({ method: "POST", url: "/api/vps/hand-over", headers: { ...(await asUser(username)), host: HOST } });
  assert.equal(answer.statusCode, 201, answer.body);
  return answer.json();
}

const exchange = (code: string) => app.inject({ method: "POST", url: "/me/session", headers: { host: HOST }, payload: { code } });

async function session(username: string): Promise<{ cookie: string; host: string; "x-csrf-token": string }> {
  const answer = await exchange((await handOver(username)).code);
  assert.equal(answer.statusCode, 200, answer.body);
  return { cookie: String(answer.headers["set-cookie"]).split(";")[0]!, host: HOST, "x-csrf-token": answer.json().csrfToken };
}

async function ready(username: string): Promise<string> {
  await app.inject({ method: "POST", url: "/api/vps/provision", headers: await asUser(username) });
  const userId = `user_${username}`;
  await saveVpsResult(pool, userId, { address: "127.0.0.2", url: `https://${username}.spoq.dev`, hostingerVmId: 17, sshHostKey: "ssh-ed25519 AAAA" });
  await saveCredentials(pool, cipher, userId, { username: "spoq", hostname: `${username}.spoq.dev`, password: "fake-Password-1", jwtSecret: "fake-secret" }, 1);
  await setVpsStatus(pool, userId, { status: "ready", phase: "done" });
  jobs.enqueued.length = 0;
  return userId;
}

describe("POST /api/vps/hand-over", () => {
  it("answers with an address whose code stands behind the #, and is good once", async () => {
    const { url, code } = await handOver("ada");
    assert.equal(url, `http://${HOST}/me#code=${code}`);
    assert.equal((await exchange(code)).statusCode, 200);
    assertRefusal(await exchange(code), 401, "HAND_OVER_USED");
    const { rows } = await pool.query("SELECT * FROM vps_hand_overs");
    assert.ok(!JSON.stringify(rows).includes(code));
  });

  it("does without a user name that is none, as an unchecked claim may be", async () => {
    for (const username of ["\0", "a".repeat(5_000), "Ada"]) {
      const answer = await app.inject({ method: "POST", url: "/api/vps/hand-over", headers: { authorization: `Bearer ${await signToken({ sub: "user_odd", username })}` } });
      assert.equal(answer.statusCode, 201, answer.body);
      assert.equal((await exchange(answer.json().code)).json().username, null);
    }
  });

  it("is over after its time", async () => {
    const { code } = await handOver("ada");
    await pool.query("UPDATE vps_hand_overs SET expires_at = clock_timestamp() - interval '1 second'");
    assertRefusal(await exchange(code), 401, "HAND_OVER_USED");
  });

  it("hands others over by a service token alone", async () => {
    const ask = async (headers: { authorization: string }, payload: object) => app.inject({ method: "POST", url: "/api/vps/hand-over", headers, payload });
    assertRefusal(await ask(await asUser("ada"), { userId: "user_blaise" }), 403, "SCOPE_MISSING");
    const service = { authorization: `Bearer ${await signToken({ sub: "backend", scope: "vps:hand-over" })}` };
    assertRefusal(await ask(service, {}), 400, "REQUEST_INVALID");
    const { code } = (await ask(service, { userId: await ready("blaise") })).json();
    const answer = await exchange(code);
    const cookie = String(answer.headers["set-cookie"]).split(";")[0]!;
    assert.equal((await app.inject({ url: "/api/vps/status", headers: { cookie, host: HOST } })).json().username, "blaise");
  });
});

describe("the rate limit of handing over", () => {
  it("counts for each user who is handed over by a service token, not for the backend, and for a user's own token as for anything else", async () => {
    const limited = await withApp({ env: { RATE_LIMIT_PER_MINUTE: "3" } });
    const ask = async (headers: { authorization: string }, payload: object) => limited.app.inject({ method: "POST", url: "/api/vps/hand-over", headers, payload });
    const service = { authorization: `Bearer ${await signToken({ sub: "backend", scope: "vps:hand-over" })}` };
    const statuses = async (userId: string) => (await ask(service, { userId })).statusCode;
    for (let user = 0; user < 7; user += 1) assert.equal(await statuses(`user_${user}`), 201);
    assert.deepEqual([await statuses("user_0"), await statuses("user_0")], [201, 201]);
    const refused = await ask(service, { userId: "user_0" });
    assertRefusal(refused, 429, "RATE_LIMITED");
    assert.ok(Number(refused.headers["retry-after"]) > 0);
    assert.equal(await statuses("user_1"), 201);
    const own = await asUser("ada");
    for (let turn = 0; turn < 3; turn += 1) assert.equal((await ask(own, {})).statusCode, 201);
    assertRefusal(await ask(own, {}), 429, "RATE_LIMITED");
  });
});

describe("a user's session", () => {
  it("is a cookie that no script reads, bound to HTTPS everywhere but on the machine itself", async () => {
    assert.match(String((await exchange((await handOver("ada")).code)).headers["set-cookie"]), /^user-vps-me=[^;]+; Path=\/; Max-Age=3600; HttpOnly; SameSite=Strict$/);
    const { code } = await handOver("ada");
    const answer = await app.inject({ method: "POST", url: "/me/session", headers: { host: "vps.example.com" }, payload: { code } });
    assert.match(String(answer.headers["set-cookie"]), /^__Host-user-vps-me=[^;]+; Path=\/; Max-Age=3600; HttpOnly; SameSite=Strict; Secure$/);
  });

  it("reads the user's own VPS, and changes something only with its CSRF token", async () => {
    await ready("carl");
    const { "x-csrf-token": csrf, ...headers } = await session("carl");
    assert.equal((await app.inject({ url: "/api/vps/status", headers })).json().username, "carl");
    assertRefusal(await app.inject({ method: "POST", url: "/api/vps/credentials", headers }), 403, "CSRF_TOKEN_WRONG");
    assertRefusal(await app.inject({ method: "POST", url: "/api/vps/restart", headers: { ...headers, "x-csrf-token": "x" } }), 403, "CSRF_TOKEN_WRONG");
    assert.deepEqual(jobs.enqueued, []);
    assert.equal((await app.inject({ method: "POST", url: "/api/vps/restart", headers: { ...headers, "x-csrf-token": csrf } })).statusCode, 202);
    assert.deepEqual(jobs.enqueued, [{ userId: "user_carl", operation: "power", action: "restart" }]);
    assert.deepEqual(jobs.causes.at(-1), { kind: "power", requestedBy: "user_carl", reason: null });
    const { rows } = await pool.query("SELECT requested_by, path, username, status FROM vps_operator_actions");
    assert.deepEqual(rows, [{ requested_by: "user_carl", path: "/api/vps/restart", username: "carl", status: 202 }]);
  });

  it("is the cause of whatever runs follow from what it asks for, whoever asked last before", async () => {
    await ready("cleo");
    const headers = await session("cleo");
    const causes = async (method: "POST" | "PUT", url: string, payload?: object) => {
      assert.equal((await app.inject({ method, url: `/api/vps/${url}`, headers, ...(payload && { payload }) })).statusCode, 202);
      return jobs.causes.at(-1);
    };
    assert.deepEqual(await causes("POST", "rotate-credentials"), { kind: "rotation", requestedBy: "user_cleo", reason: null });
    assert.equal((await causes("PUT", "ssh-key", { sshPublicKey: KEY }))?.kind, "change");
    assert.equal((await causes("POST", "snapshot", { confirm: "cleo" }))?.kind, "snapshot");
    assert.equal((await causes("POST", "restore", { confirm: "cleo" }))?.kind, "restore");
  });

  it("ends what it has open when somebody logs out, in whichever process", async () => {
    await ready("dina");
    const headers = await session("dina");
    const stream = await openStream(`${address}/api/vps/events`, headers);
    assert.equal((await stream.next()).data.username, "dina");
    assert.equal((await app.inject({ method: "DELETE", url: "/me/session", headers })).statusCode, 204);
    await stream.ended();
    assertRefusal(await app.inject({ url: "/api/vps/events", headers }), 401, "UNAUTHENTICATED");
  });

  it("asks for no VPS, hands nobody over, and is nobody to the operators' routes", async () => {
    const headers = await session("dora");
    for (const [method, url] of [["POST", "/api/vps/provision"], ["POST", "/api/vps/hand-over"], ["GET", "/api/admin/vps"]] as const) assertRefusal(await app.inject({ method, url, headers }), 401, "UNAUTHENTICATED");
  });

  it("ends for good by signing out", async () => {
    const headers = await session("carl");
    assert.equal((await app.inject({ method: "DELETE", url: "/me/session", headers })).statusCode, 204);
    assertRefusal(await app.inject({ url: "/api/vps/status", headers }), 401, "UNAUTHENTICATED");
  });

  it("is forged by nobody, and no operator's cookie", async () => {
    for (const cookie of ["user-vps-me=", "user-vps-me=k1.AAAA", `user-vps-me=${await signToken({ sub: "user_carl" })}`]) assertRefusal(await app.inject({ url: "/api/vps/status", headers: { cookie, host: HOST } }), 401, "UNAUTHENTICATED");
  });
});

describe("self-service", () => {
  it("does what is allowed, each as one job", async () => {
    const userId = await ready("emmy");
    const headers = await asUser("emmy");
    const ask = async (method: "POST" | "PUT", path: string, payload: object = {}) => (await app.inject({ method, url: `/api/vps/${path}`, headers, payload })).statusCode;
    assert.equal(await ask("POST", "rotate-credentials"), 202);
    assert.equal(await ask("PUT", "ssh-key", { sshPublicKey: KEY }), 202);
    assert.equal(await ask("POST", "snapshot", { confirm: "emmy" }), 202);
    assert.equal(await ask("POST", "restore", { confirm: "emmy" }), 202);
    assert.deepEqual(jobs.enqueued.map(({ operation }) => operation), ["up", "up", "snapshot", "restore"]);
    assert.equal(await ask("POST", "restore", { confirm: "carl" }), 422);
    assert.equal(await ask("PUT", "ssh-key", { sshPublicKey: "ssh-ed25519 AAAA" }), 422);
    const { rows } = await pool.query("SELECT credentials_rotation, ssh_public_key FROM user_vps WHERE username = 'emmy'");
    assert.deepEqual(rows, [{ credentials_rotation: 2, ssh_public_key: KEY }]);
    await setVpsStatus(pool, userId, { status: "provisioning" });
    assert.equal(await ask("POST", "restart"), 409);
  });

  it("tells how to log in and what became of the last actions", async () => {
    const userId = await ready("grace");
    await startRun(pool, { runId: "run-grace", userId, username: "grace", operation: "snapshot", workerId: "w", hostId: "h", pid: 1 });
    await finishRun(pool, "run-grace", { outcome: "succeeded", seconds: 1 });
    const facts = (await app.inject({ url: "/api/vps/self-service", headers: await asUser("grace") })).json();
    assert.deepEqual(facts.allowed, EVERYTHING.split(","));
    assert.deepEqual(facts.ssh, { user: "spoq", port: 22, hostKey: { type: "ssh-ed25519", fingerprint: "SHA256:cJ6AyISHokEeHuTfufIqhhSS0gxHZRUMDHlKvXD4FHw" }, publicKey: null });
    assert.deepEqual(facts.lastRuns.map(({ operation, outcome }: { operation: string; outcome: string }) => [operation, outcome]), [["snapshot", "succeeded"]]);
    assert.notEqual(facts.snapshotAt, null);
    assert.equal(facts.credentialsShownAgainUntil, null);
    await app.inject({ method: "POST", url: "/api/vps/credentials", headers: await asUser("grace") });
    assert.notEqual((await app.inject({ url: "/api/vps/self-service", headers: await asUser("grace") })).json().credentialsShownAgainUntil, null);
  });

  it("refuses what the setting does not allow", async () => {
    const strict = await withApp({ env: { USER_ACTIONS: "none" } });
    await strict.app.inject({ method: "POST", url: "/api/vps/provision", headers: await asUser("ada") });
    assertRefusal(await strict.app.inject({ method: "POST", url: "/api/vps/restart", headers: await asUser("ada") }), 403, "ACTION_NOT_ALLOWED");
  });
});

describe("/me", () => {
  it("comes with a policy as strict as the operators' pages, and in frames of the named sites alone", async () => {
    const policy = async (env: Record<string, string>) => String((await (await withApp({ env })).app.inject({ url: "/me" })).headers["content-security-policy"]);
    const strict = await policy({});
    assert.equal(strict, String((await app.inject({ url: "/login" })).headers["content-security-policy"]));
    assert.match(strict, /frame-ancestors 'none'/);
    assert.equal(await policy({ USER_PAGE_FRAME_ANCESTORS: "https://app.example.com" }), strict.replace("frame-ancestors 'none'", "frame-ancestors https://app.example.com"));
  });

  it("speaks the language that the browser asks for", async () => {
    const language = async (wished: string) => (await app.inject({ url: "/me/texts", headers: { "accept-language": wished } })).json().language;
    assert.deepEqual([await language("de-AT,en;q=0.5"), await language("fr,de;q=0.2,en;q=0.1"), await language("fr")], ["de", "de", "en"]);
  });

  it("refuses a colour in which nobody could read, at the start", async () => {
    await assert.rejects(withApp({ env: { USER_PAGE_COLOR: "#ffff00" } }), /USER_PAGE_COLOR: text in #ffff00 could not be read/);
  });
});
