/** What users do with their VPS themselves, as far as USER_ACTIONS lets them. */
import { createHash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { LONGEST_SSH_PUBLIC_KEY, namesItsKind, SSH_PUBLIC_KEY_PATTERN } from "../../../providers/core/ssh-public-key.ts";
import { USER_ACTIONS, type UserAction } from "../../config/value-schemas.ts";
import type { Queryable } from "../../db/queryable.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { CauseKind } from "../../records/runs.ts";
import type { JobRequest } from "../../jobs/job.ts";
import { findVpsByUserId, lastRuns, lastSnapshotAt, lockVps, noteAnswer, OUTCOMES, recordOperatorAction, requestCredentialsRotation, setSshPublicKey, shownAgainUntil, type VpsRecord } from "../../records/index.ts";
import { NO_FIELDS, refusals } from "../answers.ts";
import { callerOf } from "../caller.ts";
import type { HttpContext } from "../context.ts";
import { HttpError } from "../http-error.ts";
import { statusConflict } from "../operated-user.ts";
import { readVpsView, VPS_VIEW } from "../vps-view.ts";

const time = z.iso.datetime();
const RUNS = ["power", "snapshot", "restore"] as const;
/** As the runs that follow from it are told to operators. */
const CAUSES = { restart: "power", "rotate-credentials": "rotation", "ssh-key": "change", snapshot: "snapshot", restore: "restore" } as const satisfies Record<UserAction, CauseKind>;
const SELF_SERVICE = z.object({
  allowed: z.array(z.enum(USER_ACTIONS)).describe("What the user may do: USER_ACTIONS."),
  credentialsShownAgainUntil: time.nullable().describe("Credentials that were shown and not acknowledged can be shown again until then."),
  ssh: z.object({
    user: z.string(), port: z.int(),
    hostKey: z.object({ type: z.string(), fingerprint: z.string().describe("As `ssh` prints it: SHA256:…") }).nullable(),
    publicKey: z.string().nullable().describe("The user's own key, which may log in as root."),
  }),
  snapshotAt: time.nullable().describe("When the last snapshot was made; Hostinger keeps it for some weeks."),
  lastRuns: z.array(z.object({ operation: z.enum(RUNS), startedAt: time, endedAt: time.nullable(), outcome: z.enum(OUTCOMES).nullable().describe("null: it goes on.") })),
}).meta({ id: "SelfService" });

const CONFIRM = z.strictObject({ confirm: z.string().max(63).describe("The user name, as whoever loses something by it confirms it.") });
const KEY = z.strictObject({
  sshPublicKey: z.string().max(LONGEST_SSH_PUBLIC_KEY).regex(SSH_PUBLIC_KEY_PATTERN, "expected one public key in OpenSSH format, such as 'ssh-ed25519 AAAA… name'")
    .refine((key) => key.isWellFormed(), "expected one public key in OpenSSH format, such as 'ssh-ed25519 AAAA… name'").nullable().describe("null: none of the user's own."),
});

export const selfServiceRoutes: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, pace, jobs, settings }) => {
  const answers = { 202: { description: "It is queued.", content: { "application/json": { schema: VPS_VIEW } } }, ...refusals(401, 403, 404, 409, 413, 415, 422) };

  /** Only a VPS that is ready, with a VM, takes them. */
  async function act(request: FastifyRequest, action: UserAction, confirm: string | undefined, work: (db: Queryable, record: VpsRecord) => Promise<Omit<JobRequest, "userId">>) {
    const { userId } = callerOf(request);
    if (!settings.userActions.includes(action)) throw new HttpError("ACTION_NOT_ALLOWED", `Users may not do this themselves: ${action}.`);
    await inTransaction(pool, async (db) => {
      // A suspension at the same time comes before, and this is refused, or after, and its stop is not lost to a restart.
      await lockVps(db, userId);
      const record = await findRecord(db, userId);
      if (confirm !== undefined && confirm !== record.username) throw new HttpError("CONFIRMATION_WRONG", `expected '${record.username}' as confirm.`);
      if (record.status !== "ready") throw statusConflict(record, "This", ["ready"]);
      if (record.hostingerVmId === null) throw new HttpError("STATUS_CONFLICT", `'${record.username}' has no VM yet.`);
      await jobs.enqueue(db, { userId, ...(await work(db, record)) }, { cause: { kind: CAUSES[action], requestedBy: userId, reason: null } });
      await noteAnswer(db, await recordOperatorAction(db, { requestedBy: userId, path: request.routeOptions.url!, username: record.username, reason: null, requestId: request.id }), 202);
    });
    request.log.info({ userId, action }, "asked for by the user");
    return readVpsView({ pool, pace }, await findRecord(pool, userId));
  }

  app.get("/self-service", {
    schema: { tags: ["user"], summary: "What the user may do, and how to log in", response: { 200: { description: "Beside the status.", content: { "application/json": { schema: SELF_SERVICE } } }, ...refusals(401, 404) } },
  }, async (request) => {
    const { userId, sshHostKey, sshPublicKey } = await findRecord(pool, callerOf(request).userId);
    const [runs, snapshotAt, until] = await Promise.all([lastRuns(pool, userId, RUNS), lastSnapshotAt(pool, userId), shownAgainUntil(pool, userId, settings.credentialsShownSeconds)]);
    return {
      allowed: settings.userActions,
      credentialsShownAgainUntil: until?.toISOString() ?? null,
      ssh: { user: "spoq", port: settings.sshPort, hostKey: sshHostKey === null ? null : fingerprintOf(sshHostKey), publicKey: sshPublicKey },
      snapshotAt: snapshotAt?.toISOString() ?? null,
      lastRuns: runs.map(({ operation, startedAt, endedAt, outcome }) => ({ operation: operation as (typeof RUNS)[number], startedAt: startedAt.toISOString(), endedAt: endedAt?.toISOString() ?? null, outcome })),
    };
  });

  app.post("/restart", { schema: { tags: ["user"], summary: "Restart the VPS", body: NO_FIELDS, response: answers } }, async (request, reply) =>
    reply.code(202).send(await act(request, "restart", undefined, async () => ({ operation: "power", action: "restart" }))));

  app.post("/rotate-credentials", {
    schema: { tags: ["user"], summary: "Make new credentials", description: "For whoever has lost them. The old ones stop working; the new ones can be shown when they are made.", body: NO_FIELDS, response: answers },
  }, async (request, reply) => reply.code(202).send(await act(request, "rotate-credentials", undefined, async (db, { userId }) => {
    await requestCredentialsRotation(db, userId);
    return { operation: "up" };
  })));

  app.put("/ssh-key", { schema: { tags: ["user"], summary: "Which SSH key may log in as root", body: KEY, response: answers } }, async (request, reply) => {
    const { sshPublicKey } = request.body;
    if (sshPublicKey !== null && !namesItsKind(sshPublicKey)) throw new UserVpsError("INPUT_INVALID", `sshPublicKey: expected a key whose encoded part is of the kind '${sshPublicKey.split(" ")[0]!.slice(0, 40)}'.`);
    return reply.code(202).send(await act(request, "ssh-key", undefined, async (db, { userId }) => {
      await setSshPublicKey(db, userId, sshPublicKey);
      return { operation: "up" };
    }));
  });

  app.post("/snapshot", { schema: { tags: ["user"], summary: "Make a snapshot", description: "It replaces an earlier one.", body: CONFIRM, response: answers } }, async (request, reply) =>
    reply.code(202).send(await act(request, "snapshot", request.body.confirm, async () => ({ operation: "snapshot" }))));

  app.post("/restore", { schema: { tags: ["user"], summary: "Put the VPS back to its snapshot", description: "What was changed since is lost. The password is then the one that was in force when the snapshot was made. Only one is gone back to that the service has made since the VPS was ready for the user, be it asked for by the user, an operator or a roll-out.", body: CONFIRM, response: answers } }, async (request, reply) =>
    reply.code(202).send(await act(request, "restore", request.body.confirm, async () => ({ operation: "restore" }))));
};

async function findRecord(db: Queryable, userId: string): Promise<VpsRecord> {
  const record = await findVpsByUserId(db, userId);
  if (!record) throw new HttpError("VPS_NOT_FOUND", "The caller has not asked for a VPS.");
  return record;
}

/** OpenSSH's: SHA-256 in base64 without padding. */
function fingerprintOf(hostKey: string): { type: string; fingerprint: string } {
  const [type = "", encoded = ""] = hostKey.split(" ");
  return { type, fingerprint: `SHA256:${createHash("sha256").update(Buffer.from(encoded, "base64")).digest("base64").replace(/=+$/, "")}` };
}
