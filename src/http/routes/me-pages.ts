/** GET /me, the files that it is made of, and what the settings make of it. None of it holds data: the page's script asks the API. */
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import type { FastifyPluginAsync } from "fastify";
import { messageOf, UserVpsError } from "../../../providers/core/errors.ts";
import { pageHeaders } from "../../web/page-headers.ts";
import { readPageFiles, USER_PAGE_FOLDER } from "../../web/page-files.ts";
import { isReadable, themeCss } from "../../web/user-theme.ts";
import { chooseLanguage, readUserTexts } from "../../web/user-texts.ts";
import type { HttpContext, HttpSettings } from "../context.ts";
import { send } from "../send-page.ts";

const LOGO_TYPES: Readonly<Record<string, string>> = { ".svg": "image/svg+xml", ".png": "image/png" };

export const mePageRoutes: FastifyPluginAsync<HttpContext> = async (app, { settings }) => {
  const files = readPageFiles(USER_PAGE_FOLDER);
  const texts = readUserTexts(settings.userPageTexts);
  const theme = themeOf(settings);
  const logo = logoOf(settings.userPageLogo);
  app.addHook("onSend", async (_request, reply) => void reply.headers(pageHeaders(settings.userPageFrameAncestors)));

  app.get("/me", { schema: { hide: true } }, async (request, reply) => send(request, reply, files.get("me.html")!));
  for (const file of [...files.values()].filter(({ name }) => !name.endsWith(".html") && name !== "embed.js")) {
    app.get(`/me/assets/${file.name}`, { schema: { hide: true } }, async (request, reply) => send(request, reply, file));
  }
  app.get("/me/theme.css", { schema: { hide: true } }, async (_request, reply) => reply.type("text/css; charset=utf-8").header("cache-control", "no-cache").send(theme));
  if (logo) app.get("/me/logo", { schema: { hide: true } }, async (_request, reply) => reply.type(logo.type).header("cache-control", "no-cache").send(logo.content));
  app.get("/me/texts", { schema: { hide: true } }, async (request, reply) => {
    const { lang } = request.query as { readonly lang?: unknown };
    const language = chooseLanguage(texts.keys(), typeof lang === "string" ? lang : request.headers["accept-language"]);
    return reply.headers({ "cache-control": "no-cache", vary: "accept-language" }).send({
      language, languages: [...texts.keys()], texts: texts.get(language),
      name: settings.userPageName, hasLogo: logo !== undefined, signInUrl: settings.userPageSignInUrl ?? null, helpUrl: settings.userPageHelpUrl ?? null,
    });
  });
};

/** GET /me/embed.js: the custom element, for pages of other sites: a module is fetched by CORS. It holds nothing of anybody. */
export const meEmbedRoute: FastifyPluginAsync<HttpContext> = async (app) => {
  const file = readPageFiles(USER_PAGE_FOLDER).get("embed.js")!;
  app.get("/me/embed.js", { schema: { hide: true } }, async (request, reply) => send(request, reply.headers({ "cross-origin-resource-policy": "cross-origin", "access-control-allow-origin": "*" }), file));
};

function themeOf({ userPageColor: light, userPageColorDark: dark }: HttpSettings): string {
  for (const [name, color, scheme] of [["USER_PAGE_COLOR", light, "light"], ["USER_PAGE_COLOR_DARK", dark, "dark"]] as const) {
    if (color !== undefined && !isReadable(color, scheme)) throw new UserVpsError("CONFIG_INVALID", `${name}: text in ${color} could not be read on the ${scheme} page; expected a contrast of 4.5 to its panels.`, { next: `Choose a ${scheme === "light" ? "darker" : "lighter"} colour.` });
  }
  return themeCss({ light, dark });
}

function logoOf(file: string | undefined): { readonly type: string; readonly content: Buffer } | undefined {
  if (file === undefined) return undefined;
  const type = LOGO_TYPES[extname(file).toLowerCase()];
  if (!type) throw new UserVpsError("CONFIG_INVALID", `USER_PAGE_LOGO: expected a file that ends in .svg or .png.`);
  try {
    return { type, content: readFileSync(file) };
  } catch (error) {
    throw new UserVpsError("CONFIG_INVALID", `USER_PAGE_LOGO cannot be read: ${messageOf(error)}`);
  }
}
