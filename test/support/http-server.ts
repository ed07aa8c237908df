/**
 * The HTTP side on a port of its own, with a queue that does nothing, for a test tool outside this
 * process: prints one JSON line {url, userToken, operatorToken}, and ends with its standard input.
 *
 *     node test/support/http-server.ts
 */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inTransaction, openDatabase } from "../../src/db/index.ts";
import { serveHttp } from "../../src/http/index.ts";
import { createCredentialsCipher, findVpsByUserId, saveCredentials, setVpsStatus, startRun, appendRunLog, finishRun, requestVps } from "../../src/records/index.ts";
import { NO_WORKER, RecordingJobs, RecordingRollOutJobs, testSettings } from "./http-app.ts";
import { cancelRollOut, createRelease, createRollOut } from "../../src/releases/index.ts";
import { insertReadyUser } from "./ready-user.ts";
import { signToken } from "./tokens.ts";

const folder = await mkdtemp(join(tmpdir(), "user-vps-http-"));
await chmod(folder, 0o755);
const database = await openDatabase({ dataFolder: join(folder, "postgresql") });
const settings = testSettings({ PORT: "0" });
const cipher = createCredentialsCipher(settings.credentialsKeys!);

/** So that not every answer is 404. */
async function addExamples(): Promise<void> {
  const { pool } = database;
  for (const [place, username] of ["tester", "alice", "bob"].entries()) {
    const userId = `user_${username}`;
    await requestVps(pool, { userId, username, hostname: `${username}.spoq.dev`, plan: settings.defaultPlan, templateId: 1007, dataCenterId: 9, sshPublicKey: null });
    await startRun(pool, { runId: `run-${username}`, userId, username, operation: "up", workerId: "worker", hostId: "host", pid: 1 });
    await appendRunLog(pool, `run-${username}`, ["first line", "second line"]);
    if (place === 0) continue;
    await finishRun(pool, `run-${username}`, { outcome: "failed", errorCode: "VM_ERROR", message: "an example", seconds: 1, resourceChanges: { create: 1 } });
    await setVpsStatus(pool, userId, { status: "failed", errorCode: "VM_ERROR", reason: "an example", nextStep: "none" });
    const record = await findVpsByUserId(pool, userId);
    await saveCredentials(pool, cipher, userId, { username: "spoq", hostname: record!.hostname, password: "fake-password-for-tests", jwtSecret: "fake-secret-for-tests" }, 1);
  }
}

/** One that has ended, so that another may be asked for, and somebody whom it may be for. */
async function addRollOut(): Promise<void> {
  const { pool } = database;
  await insertReadyUser(pool, "carol");
  await createRelease(pool, { version: "1.0", cli: { url: "https://downloads.example.com/spoq", sha256: "ab".repeat(32) } }, "operator");
  const { rollOutId } = await inTransaction(pool, (db) => createRollOut(db, { version: "1.0", requestedBy: "operator", reason: "an example" }));
  await cancelRollOut(pool, rollOutId, "operator");
}

await addExamples();
await addRollOut();
const server = await serveHttp({ pool: database.pool, databaseUrl: database.url, jobs: new RecordingJobs(), drift: NO_WORKER, vmActions: async () => undefined, bootLog: async () => undefined, doctor: async () => undefined, rollOuts: new RecordingRollOutJobs(), cipher, settings });
const hour = { expiresInSeconds: 3_600 };
const [userToken, operatorToken] = await Promise.all([
  signToken({ sub: "user_tester", username: "tester" }, hour),
  signToken({ sub: "user_tester", username: "tester", scope: "vps:admin" }, hour),
]);
console.log(JSON.stringify({ url: server.url, userToken, operatorToken }));

async function end(): Promise<void> {
  await server.close();
  await database.close();
  await rm(folder, { recursive: true, force: true });
  process.exit();
}

process.stdin.resume().once("end", () => void end());
