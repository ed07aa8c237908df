import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { inTransaction } from "../../db/transaction.ts";
import { acknowledgeCredentials, findVpsByUserId, revealCredentials } from "../../records/index.ts";
import { NO_FIELDS, refusals } from "../answers.ts";
import { callerOf } from "../caller.ts";
import type { HttpContext } from "../context.ts";
import { HttpError } from "../http-error.ts";

const CREDENTIALS = z.object({
  username: z.string().describe("The user to log in as."),
  hostname: z.string(),
  password: z.string(),
  jwtSecret: z.string().describe("What Conductor's tokens are signed with."),
  madeAt: z.iso.datetime().nullable().describe("Which credentials these are: `credentialsMadeAt` of the status, as long as they are good. null: not known, of a version before."),
}).meta({ id: "Credentials" });

/**
 * POST /api/vps/credentials shows the credentials, and again for as long as CREDENTIALS_SHOWN_SECONDS
 * says, for an answer may be lost; POST /api/vps/credentials/acknowledge ends that at once.
 */
export const credentialsRoute: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, cipher, settings }) => {
  const secondsKept = settings.credentialsShownSeconds;

  app.post("/credentials", {
    schema: {
      tags: ["user"],
      summary: "Show the credentials",
      description: "Whoever has got them acknowledges that, and they are deleted. Until then, but no longer than CREDENTIALS_SHOWN_SECONDS after the first time, the same call shows them again: an answer may be lost on its way. Afterwards there are only new ones: POST /api/vps/rotate-credentials, or an operator's.",
      body: NO_FIELDS,
      response: { 200: { description: "The credentials.", content: { "application/json": { schema: CREDENTIALS } } }, ...refusals(401, 404, 409, 413, 415) },
    },
  }, async (request) => {
    const { userId } = callerOf(request);
    // The credentials first, which locks them: then the record tells when just these were made.
    const { credentials, record } = await inTransaction(pool, async (db) => ({
      credentials: await revealCredentials(db, cipher, userId, secondsKept), record: await findVpsByUserId(db, userId),
    }));
    if (!record) throw new HttpError("VPS_NOT_FOUND", "The caller has not asked for a VPS.");
    if (credentials) {
      request.log.info({ username: record.username }, "credentials shown");
      // Since they were made the VPS may have been renamed.
      return { ...credentials, hostname: record.hostname, madeAt: record.credentialsMadeAt?.toISOString() ?? null };
    }
    if (record.credentialsAvailable || record.credentialsShownAt) throw new HttpError("CREDENTIALS_ALREADY_SHOWN", "The credentials have been shown already.");
    throw new HttpError("CREDENTIALS_NOT_READY", `There are no credentials to show yet: the VPS is '${record.status}'.`);
  });

  app.post("/credentials/acknowledge", {
    schema: {
      tags: ["user"],
      summary: "The credentials have arrived",
      description: "Deletes credentials that were shown. Done again, it changes nothing.",
      body: z.strictObject({ madeAt: z.iso.datetime().optional().describe("Which ones, as they were shown: others, made since, stay. Without it, those that were shown last.") }).optional(),
      response: { 204: z.null().describe("They are shown to nobody any more."), ...refusals(401, 404, 409, 413, 415) },
    },
  }, async (request, reply) => {
    const { userId } = callerOf(request);
    const record = await findVpsByUserId(pool, userId);
    if (!record) throw new HttpError("VPS_NOT_FOUND", "The caller has not asked for a VPS.");
    if (!record.credentialsShownAt) throw new HttpError("CREDENTIALS_NOT_READY", "There is nothing to acknowledge: no credentials have been shown.");
    const madeAt = request.body?.madeAt;
    if (madeAt !== undefined && record.credentialsMadeAt?.toISOString() !== madeAt) throw new HttpError("CREDENTIALS_REPLACED", "There are new credentials since: nothing is acknowledged.");
    if (await acknowledgeCredentials(pool, userId, madeAt)) request.log.info({ username: record.username }, "credentials acknowledged");
    return reply.code(204).send(null);
  });
};
