import type { FastifyPluginAsync } from "fastify";
import { PAGE_HEADERS } from "../../web/page-headers.ts";
import { PAGES } from "../../web/page-list.ts";
import { ASSETS_VERSION, readPageFiles } from "../../web/page-files.ts";
import { findVpsByUsername } from "../../records/index.ts";
import type { HttpContext } from "../context.ts";
import { USERNAME_PARAMS } from "../operated-user.ts";
import { send, sendForever, sendNotFound } from "../send-page.ts";
import { sessionOf } from "./web-session.ts";

async function isUser({ pool }: HttpContext, username: string): Promise<boolean> {
  // What is no user name may be none of PostgreSQL's texts either.
  return USERNAME_PARAMS.safeParse({ username }).success && (await findVpsByUsername(pool, username)) !== undefined;
}

/** GET / (the fleet), the other pages of the list, /login, and the files that they are made of. The pages hold no data: their scripts ask the API. */
export const webPageRoutes: FastifyPluginAsync<HttpContext> = async (app, context) => {
  const files = readPageFiles();
  app.addHook("onSend", async (_request, reply) => void reply.headers(PAGE_HEADERS));

  for (const { path, name } of PAGES) {
    app.get(path, { schema: { hide: true } }, async (request, reply) => {
      if (!(await sessionOf(request, context))) return reply.redirect(`/login?next=${encodeURIComponent(request.url)}`, 303);
      const { username } = request.params as { readonly username?: string };
      // The page says so too; whoever asks without a browser sees it by the status.
      if (username !== undefined && !(await isUser(context, username))) return sendNotFound(reply, files.get(`${name}.html`)!);
      return send(request, reply, files.get(`${name}.html`)!);
    });
  }
  app.get("/login", { schema: { hide: true } }, async (request, reply) => send(request, reply, files.get("login.html")!));
  for (const file of [...files.values()].filter(({ name }) => !name.endsWith(".html"))) {
    app.get(`/assets/${file.name}`, { schema: { hide: true } }, async (request, reply) => send(request, reply, file));
    app.get(`/assets/:version/${file.name}`, { schema: { hide: true } }, async (request, reply) => {
      const { version } = request.params as { readonly version: string };
      // Another process of the service may be of another release for a while.
      return version === ASSETS_VERSION ? sendForever(reply, file) : send(request, reply, file);
    });
  }
};
