import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { describe, it } from "vitest";
import { createLogger } from "../../src/http/logger.ts";
import { appendRunLog, createCredentialsCipher, discardShownCredentials, requestCredentialsRotation, saveCredentials, setVpsStatus, startRun, takeCredentials } from "../../src/records/index.ts";
import { assertRefusal } from "../support/assert-refusal.ts";
import { dumpDatabase } from "../support/dump-database.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { withApp } from "../support/http-app.ts";
import { asOperator, asUser, TEST_JWT_SECRET } from "../support/tokens.ts";

const SECRETS = { password: "fake-password-for-tests-4711", jwtSecret: "fake-conductor-secret-for-tests-0815" };
const logged: string[] = [];
const logger = createLogger("trace", new Writable({ write: (chunk, _encoding, done) => { logged.push(String(chunk)); done(); } }));
const { app, pool, url, cipher } = await withApp({ logger });
eachBeginsEmpty({ pool });

async function provisioned(username: string): Promise<{ userId: string; headers: { authorization: string } }> {
  const headers = await asUser(username);
  await app.inject({ method: "POST", url: "/api/vps/provision", headers, payload: {} });
  return { userId: `user_${username}`, headers };
}
const save = (userId: string, rotation = 1) => saveCredentials(pool, cipher, userId, { username: "spoq", hostname: "alice.spoq.dev", ...SECRETS }, rotation);
const acknowledge = (headers: { authorization: string }) => app.inject({ method: "POST", url: "/api/vps/credentials/acknowledge", headers });
const show = (headers: { authorization: string }) => app.inject({ method: "POST", url: "/api/vps/credentials", headers });

describe("POST /api/vps/credentials", () => {
  it("before they are there: 409", async () => {
    const { headers } = await provisioned("early");
    assertRefusal(await show(headers), 409, "CREDENTIALS_NOT_READY");
  });

  it("shows the host name that the VPS has by now, renamed since they were made", async () => {
    const { userId, headers } = await provisioned("anna");
    await save(userId);
    await pool.query("UPDATE user_vps SET hostname = 'annabel.spoq.dev' WHERE user_id = $1", [userId]);
    assert.equal((await show(headers)).json().hostname, "annabel.spoq.dev");
  });

  it("shows them, not to be cached, until they are acknowledged, and then never again", async () => {
    const { userId, headers } = await provisioned("alice");
    await save(userId);
    await setVpsStatus(pool, userId, { status: "ready" });
    assert.equal((await app.inject({ url: "/api/vps/status", headers })).json().credentials, "available");
    assertRefusal(await acknowledge(headers), 409, "CREDENTIALS_NOT_READY");
    const answer = await show(headers);
    assert.equal(answer.statusCode, 200);
    assert.deepEqual(answer.json(), { username: "spoq", hostname: "alice.spoq.dev", ...SECRETS, madeAt: null });
    assert.equal(answer.headers["cache-control"], "no-store");
    assert.equal((await app.inject({ url: "/api/vps/status", headers })).json().credentials, "shown");
    assert.deepEqual((await show(headers)).json(), answer.json(), "the first answer may have been lost");
    assert.equal((await acknowledge(headers)).statusCode, 204);
    assert.equal((await acknowledge(headers)).statusCode, 204);
    assertRefusal(await show(headers), 409, "CREDENTIALS_ALREADY_SHOWN");
    assert.equal((await app.inject({ url: "/api/vps/status", headers })).json().credentials, "shown");
    assert.equal(await save(userId), false, "a later run of the same rotation must not bring them back");
    assertRefusal(await show(headers), 409, "CREDENTIALS_ALREADY_SHOWN");
  });

  it("shows them for no longer than CREDENTIALS_SHOWN_SECONDS after the first time, and then they are deleted", async () => {
    const { userId, headers } = await provisioned("late");
    await save(userId);
    await show(headers);
    await pool.query("UPDATE vps_credentials SET shown_at = shown_at - interval '601 seconds' WHERE user_id = $1", [userId]);
    assertRefusal(await show(headers), 409, "CREDENTIALS_ALREADY_SHOWN");
    await discardShownCredentials(pool, 600);
    assert.equal((await pool.query("SELECT FROM vps_credentials WHERE user_id = $1", [userId])).rowCount, 0);
  });

  it("with CREDENTIALS_SHOWN_SECONDS=0, asked for 20 times at once, are shown to one", async () => {
    const once = await withApp({ database: { pool, url }, env: { CREDENTIALS_SHOWN_SECONDS: "0" } });
    const { userId, headers } = await provisioned("bob");
    await save(userId);
    const answers = await Promise.all(Array.from({ length: 20 }, () => once.app.inject({ method: "POST", url: "/api/vps/credentials", headers })));
    assert.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1);
    assert.equal(answers.filter(({ statusCode }) => statusCode === 409).length, 19);
    assert.equal((await pool.query("SELECT FROM vps_credentials WHERE user_id = $1", [userId])).rowCount, 0);
  });

  it("of one making are not acknowledged for the next", async () => {
    const { userId, headers } = await provisioned("rita");
    await save(userId);
    await show(headers);
    await requestCredentialsRotation(pool, userId);
    await save(userId, 2);
    assertRefusal(await acknowledge(headers), 409, "CREDENTIALS_NOT_READY");
    assert.equal((await show(headers)).statusCode, 200);
  });

  it("are acknowledged by when they were made: whoever still has those of before deletes none that nobody has kept", async () => {
    const [first, second] = ["2026-11-01T10:00:00.000Z", "2026-11-02T10:00:00.000Z"] as const;
    const { userId, headers } = await provisioned("nora");
    const made = (rotation: number, madeAt: string) => saveCredentials(pool, cipher, userId, { username: "spoq", hostname: "nora.spoq.dev", ...SECRETS }, rotation, madeAt);
    const shownAs = async () => (await show(headers)).json().madeAt as string;
    const acknowledged = (madeAt: string) => app.inject({ method: "POST", url: "/api/vps/credentials/acknowledge", headers, payload: { madeAt } });
    await made(1, first);
    assert.equal(await shownAs(), first);
    await requestCredentialsRotation(pool, userId);
    await made(2, second);
    assert.equal(await shownAs(), second);
    assert.equal((await app.inject({ url: "/api/vps/status", headers })).json().credentialsMadeAt, second);
    assertRefusal(await acknowledged(first), 409, "CREDENTIALS_REPLACED");
    assert.equal(await shownAs(), second);
    assert.equal((await acknowledged(second)).statusCode, 204);
    assertRefusal(await show(headers), 409, "CREDENTIALS_ALREADY_SHOWN");
  });

  it("can be shown again after a rotation", async () => {
    const { userId, headers } = await provisioned("carol");
    await save(userId);
    await show(headers);
    assert.equal(await requestCredentialsRotation(pool, userId), 2);
    assert.equal(await save(userId, 2), true);
    assert.equal((await show(headers)).statusCode, 200);
  });

  it("stay, with a 500, while their key is not configured", async () => {
    const { userId, headers } = await provisioned("dave");
    const other = createCredentialsCipher([{ id: "gone", key: Buffer.alloc(32, 7) }]);
    await saveCredentials(pool, other, userId, { username: "spoq", hostname: "dave.spoq.dev", ...SECRETS }, 1);
    assertRefusal(await show(headers), 500, "INTERNAL");
    assert.equal((await app.inject({ url: "/api/vps/status", headers })).json().credentials, "available");
  });

  it("stay, with a 500, while another key has the id of theirs, and are shown when the right one is back", async () => {
    const { userId, headers } = await provisioned("kim");
    const right = createCredentialsCipher([{ id: "k1", key: Buffer.alloc(32, 7) }]);
    await saveCredentials(pool, right, userId, { username: "spoq", hostname: "kim.spoq.dev", ...SECRETS }, 1);
    assertRefusal(await show(headers), 500, "INTERNAL");
    assert.match(logged.join(""), /another key had that id when they were sealed/);
    assert.equal((await app.inject({ url: "/api/vps/status", headers })).json().credentials, "available");
    assert.equal((await takeCredentials(pool, right, userId))?.password, SECRETS.password);
  });

  it("of one user do not open for another, though the row be moved", async () => {
    const { userId } = await provisioned("erin");
    const { userId: thief, headers } = await provisioned("mallory");
    await save(userId);
    await pool.query("UPDATE vps_credentials SET user_id = $2 WHERE user_id = $1", [userId, thief]);
    assertRefusal(await show(headers), 500, "INTERNAL");
  });
});

describe("secrets", () => {
  it("are in the database in no plain text while they wait to be shown", async () => {
    const { userId, headers } = await provisioned("frank");
    await save(userId);
    await startRun(pool, { runId: "run-frank", userId, username: "frank", operation: "up", workerId: "w", hostId: "h", pid: 1 });
    await appendRunLog(pool, "run-frank", ["a line that is there"]);
    const dump = await dumpDatabase(pool);
    assert.match(dump, /a line that is there/);
    assert.match(dump, /user_frank/);
    for (const secret of [SECRETS.password, SECRETS.jwtSecret, TEST_JWT_SECRET, headers.authorization.split(" ")[1]!]) {
      for (const form of [secret, Buffer.from(secret).toString("base64").slice(0, -4), Buffer.from(secret).toString("hex")]) assert.ok(!dump.includes(form));
    }
  });

  it("are in no log line, though every request was logged", async () => {
    const headers = await asOperator();
    await app.inject({ url: "/api/admin/vps", headers });
    const { userId, headers: grace } = await provisioned("grace");
    await save(userId);
    await show(grace);
    logger.info({ req: { headers }, authorization: headers.authorization, nested: { password: SECRETS.password } }, "by mistake");
    const log = logged.join("");
    assert.match(log, /"url":"\/api\/vps\/credentials"/);
    assert.match(log, /"msg":"by mistake"/);
    for (const secret of [SECRETS.password, SECRETS.jwtSecret, TEST_JWT_SECRET, headers.authorization.split(" ")[1]!]) assert.ok(!log.includes(secret));
  });
});
