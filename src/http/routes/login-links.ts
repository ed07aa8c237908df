import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { OPERATOR_ROLES } from "../../config/operator-roles.ts";
import { sealLoginLink } from "../../web/login-link.ts";
import { NO_FIELDS, refusals } from "../answers.ts";
import { callerOf } from "../caller.ts";
import type { HttpContext } from "../context.ts";

const LINK = z.object({
  path: z.string().describe("Of the service: the code stands behind `#`, so that no server and no log sees it."),
  url: z.string().nullable().describe("The same with PUBLIC_URL; null: that is not set."),
  expiresAt: z.iso.datetime(),
  operator: z.string(),
  role: z.enum(OPERATOR_ROLES),
}).meta({ id: "LoginLink" });

/** POST /api/admin/login-links */
export const loginLinkRoute: FastifyPluginAsyncZod<HttpContext> = async (app, { cipher, settings }) => {
  app.post("/login-links", {
    schema: {
      tags: ["operators"], summary: "Make a link that logs a browser in, once",
      description: "As whoever asks for it, with the same role. It is good for five minutes; the session that comes of it lasts no longer than the token that it was asked for with.",
      body: NO_FIELDS,
      response: { 201: { description: "The link.", content: { "application/json": { schema: LINK } } }, ...refusals(401, 403, 413, 415) },
    },
  }, async (request, reply) => {
    const { userId, role, expiresAt: sessionEndsAt } = callerOf(request);
    const { code, expiresAt } = sealLoginLink(cipher, { userId, role: role!, sessionEndsAt });
    const path = `/login#code=${code}`;
    return reply.code(201).send({ path, url: settings.publicUrl === undefined ? null : settings.publicUrl + path, expiresAt: expiresAt.toISOString(), operator: userId, role: role! });
  });
};
