import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { findReleaseOfUser } from "../../records/index.ts";
import { refusals } from "../answers.ts";
import type { HttpContext } from "../context.ts";
import { HttpError } from "../http-error.ts";
import { findUser, USERNAME_PARAMS } from "../operated-user.ts";

const BOOT_LOG = z.object({
  address: z.string(),
  hostKeyFingerprint: z.string(),
  hostKeyVerified: z.boolean().describe("false: the stack has pinned no key, so whoever answered at the VM's address was trusted."),
  outcome: z.enum(["complete", "failed", "unfinished"]).describe("`unfinished`: it still runs, or it was cut off."),
  step: z.object({ number: z.int(), of: z.int(), title: z.string() }).nullable().describe("The last one that was begun."),
  exitStatus: z.int().nullable().describe("Of the command that failed."),
  mayPass: z.boolean(),
  lastLines: z.array(z.string()),
  lines: z.array(z.string()).describe("The newest; holds no secret."),
}).meta({ id: "BootLog" });

const NEXT = z.object({
  nextTry: z.object({ attempt: z.int().describe("The number of the next one."), of: z.int().nullable().describe("null: it goes on without an end."), at: z.iso.datetime() }).nullable(),
  release: z.string().nullable().describe("The version that was last released to the VPS."),
}).meta({ id: "UserNext" });

const answer = <T extends z.ZodType>(description: string, schema: T) => ({ description, content: { "application/json": { schema } } });

/** GET /api/admin/vps/{username}/next and boot-log. */
export const webUserRoutes: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, jobs, bootLog }) => {
  app.get("/vps/:username/next", {
    schema: { tags: ["operators"], summary: "When what failed is tried again, and which release the VPS has", params: USERNAME_PARAMS, response: { 200: answer("As it is now.", NEXT), ...refusals(401, 403, 404) } },
  }, async ({ params }) => {
    const user = await findUser(pool, params.username);
    const [next, release] = await Promise.all([jobs.nextTry(user), findReleaseOfUser(pool, user.userId)]);
    return { nextTry: next ? { ...next, at: next.at.toISOString() } : null, release: release?.version ?? null };
  });

  app.get("/vps/:username/boot-log", {
    // HEAD would have a worker log in to the VPS for nothing.
    exposeHeadRoute: false,
    schema: {
      tags: ["operators"], summary: "How far the VPS's own script came", params: USERNAME_PARAMS,
      description: "A worker reads /post_install.log over SSH, with the stack's own password; it changes nothing.",
      response: { 200: answer("The log, with the step in which it is or stopped.", BOOT_LOG), ...refusals(401, 403, 404, 409) },
    },
  }, async ({ params }) => {
    const user = await findUser(pool, params.username);
    if (user.hostingerVmId === null) throw new HttpError("STATUS_CONFLICT", `'${user.username}' has no VM yet.`);
    const log = await bootLog(user.userId);
    if (!log) throw new HttpError("NOT_READY", "No worker has answered in time.", { headers: { "retry-after": "30" } });
    if ("error" in log) throw new HttpError("STATUS_CONFLICT", `The log could not be read: ${log.error}`);
    const { begun: _, ...rest } = log;
    return { ...rest, lines: [...log.lines], lastLines: [...log.lastLines] };
  });
};
