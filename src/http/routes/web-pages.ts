import type { FastifyPluginAsync } from "fastify";
import { PAGE_HEADERS } from "../../web/page-headers.ts";
import { PAGES } from "../../web/page-list.ts";
import { readPageFiles } from "../../web/page-files.ts";
import { findVpsByUsername } from "../../records/index.ts";
import type { HttpContext } from "../context.ts";
import { send, sendNotFound } from "../send-page.ts";
import { sessionOf } from "./web-session.ts";

/** GET / (the fleet), the other pages of the list, /login, and the files that they are made of. The pages hold no data: their scripts ask the API. */
export const webPageRoutes: FastifyPluginAsync<HttpContext> = async (app, context) => {
  const files = readPageFiles();
  app.addHook("onSend", async (_request, reply) => void reply.headers(PAGE_HEADERS));

  for (const { path, name } of PAGES) {
    app.get(path, { schema: { hide: true } }, async (request, reply) => {
      if (!(await sessionOf(request, context))) return reply.redirect(`/login?next=${encodeURIComponent(request.url)}`, 303);
      const { username } = request.params as { readonly username?: string };
      // The page says so too; whoever asks without a browser sees it by the status.
      if (username !== undefined && !(await findVpsByUsername(context.pool, username))) return sendNotFound(reply, files.get(`${name}.html`)!);
      return send(request, reply, files.get(`${name}.html`)!);
    });
  }
  app.get("/login", { schema: { hide: true } }, async (request, reply) => send(request, reply, files.get("login.html")!));
  for (const file of [...files.values()].filter(({ name }) => !name.endsWith(".html"))) {
    app.get(`/assets/${file.name}`, { schema: { hide: true } }, async (request, reply) => send(request, reply, file));
  }
};
