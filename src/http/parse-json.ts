import type { FastifyInstance } from "fastify";
import { HttpError } from "./http-error.ts";

/** JSON only, `__proto__` refused. No body is the same as `{}`, but `null` is not. */
export function parseJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    if (body === "") return done(null, undefined);
    if ((body as string).trim() === "null") return done(new HttpError("REQUEST_INVALID", "body: expected an object, got null", { details: [{ path: "body", message: "expected an object, got null" }] }));
    void parse(request, body as string, done);
  });
  // Without a body, Fastify would have null validated.
  app.addHook("preValidation", async (request) => {
    request.body ??= {};
  });
}
