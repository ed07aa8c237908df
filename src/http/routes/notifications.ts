import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { NOTIFICATION_TYPE_NAMES } from "../../config/index.ts";
import { addTest, listMessages, listTargets, MESSAGE_STATES, resumeTarget, sendAgain, sendGivenUpAgain } from "../../notifications/index.ts";
import type { NotificationMessage, TargetRecord } from "../../notifications/index.ts";
import { BODY_REFUSALS, REASON_ONLY, refusals } from "../answers.ts";
import { callerOf } from "../caller.ts";
import type { HttpContext } from "../context.ts";
import { HttpError } from "../http-error.ts";
import { NUMBERED_PAGE, pageAfter, pageOf, pageQuery, pageView } from "../paging.ts";

const targetName = z.string().min(1).max(40).regex(/^[a-z0-9-]+$/, "expected the name of a target");
const QUERY = z.strictObject({
  target: targetName.optional().describe("Only to this one."),
  state: z.enum(MESSAGE_STATES).optional(),
  ...NUMBERED_PAGE,
});
const time = z.iso.datetime().nullable();

const NOTIFICATION = z.object({
  id: z.string().describe("As the receiver gets it, the same for each try."),
  target: z.string(),
  state: z.enum(MESSAGE_STATES),
  events: z.array(z.object({ type: z.enum(NOTIFICATION_TYPE_NAMES), at: z.iso.datetime(), username: z.string().nullable(), data: z.record(z.string(), z.unknown()) })).describe("Oldest first."),
  attempts: z.int(),
  createdAt: z.iso.datetime(),
  nextAttemptAt: time.describe("null: there is none."),
  lastError: z.string().nullable(),
  deliveredAt: time,
}).meta({ id: "Notification" });
export type NotificationView = z.output<typeof NOTIFICATION>;

const TARGET = z.object({
  name: z.string(),
  format: z.enum(["webhook", "slack", "email"]),
  address: z.string().describe("Without what would let others write there."),
  events: z.array(z.string()).describe("Types, `vps.*`, or `*`."),
  pending: z.int().describe("Messages that wait."),
  oldestPendingAt: time,
  givenUp: z.int().describe("Messages that were tried for too long."),
  failures: z.int().describe("In a row."),
  lastError: z.string().nullable(),
  retryAt: time.describe("Nothing is tried before."),
  answeredAt: time.describe("When it last took something."),
  pausedAt: time.describe("It has said that it is gone (410): nothing is tried until it is resumed."),
}).meta({ id: "NotificationTarget" });
export type NotificationTargetView = z.output<typeof TARGET>;

const PAGE = pageOf(NOTIFICATION, "NotificationPage");
const TARGETS = pageOf(TARGET, "NotificationTargetPage");
const ID = z.object({ id: z.string().regex(/^msg_[0-9a-f]{32}$/, "expected the id of a message") });
const NAME = z.object({ name: targetName });
const COUNT = z.object({ count: z.int().describe("How many messages are sent again.") }).meta({ id: "NotificationsResent" });

const json = <T extends z.ZodType>(schema: T, description: string) => ({ description, content: { "application/json": { schema } } });

/** /api/admin/notifications and /api/admin/notification-targets: what is told to others, and what became of it. */
export const notificationRoutes: FastifyPluginAsyncZod<HttpContext> = async (app, { pool }) => {
  app.get("/notifications", {
    schema: { tags: ["operators"], summary: "Messages to targets of notifications, newest first", querystring: QUERY, response: { 200: json(PAGE, "A page."), ...refusals(401, 403) } },
  }, async ({ query }) => pageView(await listMessages(pool, query), notificationView));

  app.post("/notifications/:id/resend", {
    schema: { tags: ["operators"], summary: "Send a message again", description: "With the same id. One that is not delivered yet is tried at once.", params: ID, body: REASON_ONLY, response: { 202: json(NOTIFICATION, "It is pending."), ...refusals(401, 403, 404, ...BODY_REFUSALS) } },
  }, async (request, reply) => {
    const sent = await sendAgain(pool, request.params.id);
    if (!sent) throw new HttpError("NOTIFICATION_NOT_FOUND", `There is no message '${request.params.id}'.`);
    return reply.code(202).send(notificationView(sent));
  });

  app.get("/notification-targets", {
    schema: { tags: ["operators"], summary: "Who is told what, and how they answer", querystring: z.strictObject(pageQuery(targetName)), response: { 200: json(TARGETS, "Those of the worker that was started last."), ...refusals(401, 403) } },
  }, async ({ query }) => pageView(pageAfter(await listTargets(pool), query, ({ name }) => name), targetView));

  app.post("/notification-targets/:name/resend", {
    schema: { tags: ["operators"], summary: "Send again what was given up for a target", params: NAME, body: REASON_ONLY, response: { 202: json(COUNT, "They are pending."), ...refusals(401, 403, 404, ...BODY_REFUSALS) } },
  }, async (request, reply) => {
    await requireTarget(request.params.name);
    return reply.code(202).send({ count: await sendGivenUpAgain(pool, request.params.name) });
  });

  app.post("/notification-targets/:name/resume", {
    schema: { tags: ["operators"], summary: "Try a target at once, also one that has said that it is gone", params: NAME, body: REASON_ONLY, response: { 202: json(TARGET, "It is tried."), ...refusals(401, 403, 404, ...BODY_REFUSALS) } },
  }, async (request, reply) => {
    await resumeTarget(pool, request.params.name);
    return reply.code(202).send(targetView(await requireTarget(request.params.name)));
  });

  app.post("/notification-targets/:name/test", {
    schema: { tags: ["operators"], summary: "Tell a target a test", params: NAME, body: REASON_ONLY, response: { 202: json(TARGET, "It will be told."), ...refusals(401, 403, 404, ...BODY_REFUSALS) } },
  }, async (request, reply) => {
    const target = await requireTarget(request.params.name);
    await addTest(pool, target.name, callerOf(request).userId);
    return reply.code(202).send(targetView(target));
  });

  async function requireTarget(name: string): Promise<TargetRecord> {
    const target = (await listTargets(pool)).find((one) => one.name === name);
    if (!target) throw new HttpError("NOTIFICATION_NOT_FOUND", `There is no target '${name}'.`);
    return target;
  }
};

const at = (moment: Date | null) => moment?.toISOString() ?? null;

function notificationView({ messageId: id, target, state, events, attempts, createdAt, nextAttemptAt, lastError, deliveredAt }: NotificationMessage): NotificationView {
  return { id, target, state, events: [...events], attempts, createdAt: createdAt.toISOString(), nextAttemptAt: state === "pending" ? at(nextAttemptAt) : null, lastError, deliveredAt: at(deliveredAt) };
}

function targetView({ events, oldestPendingAt, retryAt, answeredAt, pausedAt, ...rest }: TargetRecord): NotificationTargetView {
  return { ...rest, events: [...events], oldestPendingAt: at(oldestPendingAt), retryAt: at(retryAt), answeredAt: at(answeredAt), pausedAt: at(pausedAt) };
}
