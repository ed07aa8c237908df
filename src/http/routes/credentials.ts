import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { findVpsByUserId, takeCredentials } from "../../records/index.ts";
import { NO_FIELDS, refusals } from "../answers.ts";
import { callerOf } from "../caller.ts";
import type { HttpContext } from "../context.ts";
import { HttpError } from "../http-error.ts";

const CREDENTIALS = z.object({
  username: z.string().describe("The user to log in as."),
  hostname: z.string(),
  password: z.string(),
  jwtSecret: z.string().describe("What Conductor's tokens are signed with."),
}).meta({ id: "Credentials" });

/** POST /api/vps/credentials: shows the credentials, once; they are deleted in the same statement that reads them. */
export const credentialsRoute: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, cipher }) => {
  app.post("/credentials", {
    schema: {
      tags: ["user"],
      summary: "Show the credentials, once",
      description: "They are gone afterwards, also if the answer is lost on its way; an operator can then have them rotated.",
      body: NO_FIELDS,
      response: { 200: { description: "The credentials.", content: { "application/json": { schema: CREDENTIALS } } }, ...refusals(401, 404, 409, 413, 415) },
    },
  }, async (request) => {
    const { userId } = callerOf(request);
    const record = await findVpsByUserId(pool, userId);
    if (!record) throw new HttpError("VPS_NOT_FOUND", "The caller has not asked for a VPS.");
    const credentials = await takeCredentials(pool, cipher, userId);
    if (credentials) {
      request.log.info({ username: record.username }, "credentials shown");
      return credentials;
    }
    if (record.credentialsAvailable || record.credentialsShownAt) throw new HttpError("CREDENTIALS_ALREADY_SHOWN", "The credentials have been shown already.");
    throw new HttpError("CREDENTIALS_NOT_READY", `There are no credentials to show yet: the VPS is '${record.status}'.`);
  });
};
