/** Writes down what an operator asks for, before it is done: who, what, about whom and why. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Pool } from "pg";
import { noteAnswer, recordOperatorAction } from "../records/index.ts";
import { callerOf } from "./caller.ts";

/** For the routes beside and beneath it. One that cannot be written down is not done. */
export function recordActions(app: FastifyInstance, pool: Pool): void {
  const recorded = new WeakMap<FastifyRequest, number>();
  app.addHook("preHandler", async (request) => {
    if (request.method !== "POST") return;
    recorded.set(request, await recordOperatorAction(pool, {
      requestedBy: callerOf(request).userId,
      path: pathOf(request),
      username: (request.params as { username?: string }).username ?? null,
      reason: reasonIn(request.body),
      requestId: request.id,
    }));
  });
  app.addHook("onResponse", async (request, reply) => {
    const actionId = recorded.get(request);
    if (actionId === undefined) return;
    await noteAnswer(pool, actionId, reply.statusCode).catch((error: unknown) => request.log.warn({ err: error }, "the answer to an operator's action is not recorded"));
  });
}

/** As the route has it: an address can be spelt in many ways (`%72estart`), and is to be found by one. */
function pathOf({ routeOptions, params }: FastifyRequest): string {
  return routeOptions.url!.replaceAll(/:(\w+)/g, (_, name: string) => String((params as Readonly<Record<string, unknown>>)[name]));
}

function reasonIn(body: unknown): string | null {
  const { reason, why } = (body ?? {}) as { reason?: unknown; why?: unknown };
  const given = reason ?? why;
  return typeof given === "string" ? given : null;
}
