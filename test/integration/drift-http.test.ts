import assert from "node:assert/strict";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import Fastify from "fastify";
import type { FastifyInstance } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { saveFindings, savePreview } from "../../src/drift/findings.ts";
import type { DriftAnswer } from "../../src/drift/queues.ts";
import { requestSweep } from "../../src/drift/sweeps.ts";
import { answerErrors } from "../../src/http/answer-errors.ts";
import { createAuthenticator } from "../../src/http/authenticate.ts";
import { identify, requireCaller, requireRole } from "../../src/http/caller.ts";
import { parseJson } from "../../src/http/parse-json.ts";
import { driftRoutes } from "../../src/http/routes/drift.ts";
import type { HttpContext } from "../../src/http/context.ts";
import { requestVps } from "../../src/records/index.ts";
import { assertRefusal } from "../support/assert-refusal.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { addRows } from "../support/fleet.ts";
import { RecordingJobs, testSettings } from "../support/http-app.ts";
import { withDatabase } from "../support/postgres.ts";
import { asOperator, asUser } from "../support/tokens.ts";

const { pool } = await withDatabase();
const jobs = new RecordingJobs();
eachBeginsEmpty({ pool, jobs });
const resource = { resource: "vm", type: "VirtualMachine", whatUpWouldDo: "change in place", properties: [{ name: "state", declared: "running", actual: "stopped", whatUpWouldDo: "change in place" }] };
let answer: DriftAnswer | undefined;
let app: FastifyInstance;
let operator: Record<string, string>;

beforeAll(async () => {
  operator = await asOperator();
  app = Fastify({ genReqId: () => crypto.randomUUID() });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest("caller", undefined);
  answerErrors(app);
  parseJson(app);
  for (const hook of [identify(createAuthenticator(testSettings(), () => undefined)), requireCaller, requireRole]) app.addHook("onRequest", hook);
  const context: Pick<HttpContext, "pool" | "jobs" | "drift"> = { pool, jobs, drift: { requestSweep, stackDrift: async () => answer } };
  await app.register(driftRoutes, { ...context, prefix: "/api/admin" } as HttpContext & { prefix: string });
});
beforeEach(async () => {
  answer = { drift: { username: "alice", resources: [resource], changes: 1, refusal: null } };
  await addRows(pool, [{ username: "alice", hostname: "alice.spoq.dev", vmId: 1, address: "127.0.0.2" }]);
  await requestVps(pool, { userId: "u-new", username: "newcomer", hostname: "newcomer.spoq.dev", plan: "p", templateId: 1, dataCenterId: 1, sshPublicKey: null });
});
afterAll(() => app.close());

const get = (path: string, headers = operator) => app.inject({ url: `/api/admin${path}`, headers });
const post = (path: string, payload?: object, headers = operator) => app.inject({ method: "POST", url: `/api/admin${path}`, headers, ...(payload && { payload }) });

const foundOfAlice = (...kinds: ("VmStopped" | "VmGone")[]) => saveFindings(pool, { findings: kinds.map((kind) => ({ kind, subject: kind, userId: "u-alice", username: "alice", declared: "a", actual: "b" })), unexamined: [], unprobed: [] });

describe("drift for operators", () => {
  it("shows the drift of one stack", async () => {
    const { statusCode, body } = await get("/vps/alice/drift");
    assert.deepEqual([statusCode, JSON.parse(body)], [200, { username: "alice", resources: [resource], changes: 1, refusal: null }]);
  });

  it("says if there is no such user, nothing that could differ, no worker, or a failure", async () => {
    assertRefusal(await get("/vps/nobody/drift"), 404, "USER_NOT_FOUND");
    assertRefusal(await get("/vps/newcomer/drift"), 409, "STATUS_CONFLICT");
    answer = undefined;
    assertRefusal(await get("/vps/alice/drift"), 503, "NOT_READY");
    answer = { error: "an example of a failure" };
    assert.match(assertRefusal(await get("/vps/alice/drift"), 503, "PREVIEW_FAILED").message, /an example of a failure/);
  });

  it("takes a request for a sweep, and lists sweeps by pages", async () => {
    const { statusCode, body } = await post("/sweeps");
    assert.equal(statusCode, 202, body);
    assert.deepEqual([JSON.parse(body).requestedBy, JSON.parse(body).startedAt], ["operator_1", null]);
    await pool.query("INSERT INTO vps_sweeps (requested_by, started_at, finished_at, outcome) VALUES ('schedule', now(), now(), 'succeeded')");
    const first = JSON.parse((await get("/sweeps?limit=1")).body);
    const second = JSON.parse((await get(`/sweeps?limit=1&cursor=${first.nextCursor}`)).body);
    assert.deepEqual([first.items[0].requestedBy, second.items[0].requestedBy, second.nextCursor], ["schedule", "operator_1", null]);
  });

  it("lists findings with what can be done about each, filtered and by pages", async () => {
    const saved = await foundOfAlice("VmStopped", "VmGone");
    await savePreview(pool, [saved[0]!.findingId], { resources: [resource], changes: 1, refusal: null });
    const all = JSON.parse((await get("/findings?open=true&username=alice")).body);
    assert.deepEqual(all.items.map(({ kind, repair }: { kind: string; repair: { by: string } }) => [kind, repair.by]), [["VmGone", "nothing"], ["VmStopped", "up"]]);
    assert.deepEqual(all.items[1].preview.resources, [resource]);
    assert.equal(JSON.parse((await get("/findings?kind=VmGone")).body).items.length, 1);
    assert.equal(JSON.parse((await get("/findings?open=false")).body).items.length, 0);
    assert.equal(typeof JSON.parse((await get("/findings?limit=1")).body).nextCursor, "string");
    assertRefusal(await get("/findings?kind=Nonsense"), 400, "REQUEST_INVALID");
  });

  it("repairs what can be repaired, and says of the rest why not", async () => {
    await foundOfAlice("VmStopped", "VmGone");
    const { rows } = await pool.query<{ id: number; kind: string }>("SELECT finding_id::int AS id, kind FROM vps_findings ORDER BY finding_id");
    const blocked = await post(`/findings/${rows[0]!.id}/repair`, { why: "the user asked" });
    assert.match(assertRefusal(blocked, 409, "STATUS_CONFLICT").message, /First VmGone/);
    assert.match(assertRefusal(await post(`/findings/${rows[1]!.id}/repair`, { why: "the user asked" }), 409, "STATUS_CONFLICT").message, /user-vps replace/);
    await pool.query("UPDATE vps_findings SET resolved_at = now() WHERE kind = 'VmGone'");
    const { statusCode, body } = await post(`/findings/${rows[0]!.id}/repair`, { why: "the user asked" });
    assert.equal(statusCode, 202, body);
    assert.deepEqual([JSON.parse(body).requestedBy, JSON.parse(body).why, JSON.parse(body).decision], ["operator_1", "the user asked", "queued"]);
    assert.deepEqual(jobs.enqueued, [{ operation: "up", userId: "u-alice" }]);
    assertRefusal(await post("/findings/999999/repair", { why: "x" }), 404, "FINDING_NOT_FOUND");
    assertRefusal(await post(`/findings/${rows[0]!.id}/repair`, {}), 400, "REQUEST_INVALID");
  });

  it("is for operators only", async () => {
    const user = await asUser("alice");
    for (const answered of [await get("/vps/alice/drift", user), await get("/findings", user), await post("/sweeps", undefined, user), await post("/findings/1/repair", { why: "x" }, user)]) assertRefusal(answered, 403, "SCOPE_MISSING");
    assertRefusal(await get("/sweeps", {}), 401, "UNAUTHENTICATED");
  });
});
