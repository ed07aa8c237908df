import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { PAGE_HEADERS } from "../../web/page-headers.ts";
import { PAGES } from "../../web/page-list.ts";
import { readPageFiles, type PageFile } from "../../web/page-files.ts";
import type { HttpContext } from "../context.ts";
import { sessionOf } from "./web-session.ts";

/** GET / (the fleet), the other pages of the list, /login, and the files that they are made of. The pages hold no data: their scripts ask the API. */
export const webPageRoutes: FastifyPluginAsync<HttpContext> = async (app, context) => {
  const files = readPageFiles();
  app.addHook("onSend", async (_request, reply) => void reply.headers(PAGE_HEADERS));

  for (const { path, name } of PAGES) {
    app.get(path, { schema: { hide: true } }, async (request, reply) => {
      if (!(await sessionOf(request, context))) return reply.redirect(`/login?next=${encodeURIComponent(request.url)}`, 303);
      return send(request, reply, files.get(`${name}.html`)!);
    });
  }
  app.get("/login", { schema: { hide: true } }, async (request, reply) => send(request, reply, files.get("login.html")!));
  for (const file of [...files.values()].filter(({ name }) => !name.endsWith(".html"))) {
    app.get(`/assets/${file.name}`, { schema: { hide: true } }, async (request, reply) => send(request, reply, file));
  }
};

/** Asked for anew each time, and not sent again while it is the same: a new release is seen at once. */
export function send(request: FastifyRequest, reply: FastifyReply, { type, content, etag }: PageFile): FastifyReply {
  reply.headers({ etag, "cache-control": "no-cache" });
  if (request.headers["if-none-match"] === etag) return reply.code(304).send();
  return reply.type(type).send(content);
}
