/** All that the page needs of the service: its files and login, and the operators' routes that were made for it. */
import type { FastifyPluginAsync } from "fastify";
import type { HttpContext } from "../context.ts";
import { webEventsRoute } from "./web-events.ts";
import { webNumbersRoute } from "./web-numbers.ts";
import { webPageRoutes } from "./web-pages.ts";
import { webRepairRoute } from "./web-repair.ts";
import { webSessionRoutes } from "./web-session.ts";
import { webSingleSignOnRoutes } from "./web-single-sign-on.ts";

export { acceptSession } from "./web-session.ts";

/** Open to everybody. */
export const webRoutes: FastifyPluginAsync<HttpContext> = async (app, context) => {
  await app.register(webPageRoutes, context);
  await app.register(webSessionRoutes, context);
  await app.register(webSingleSignOnRoutes, context);
};

/** For operators. */
export const webOperatorRoutes: FastifyPluginAsync<HttpContext> = async (app, context) => {
  for (const routes of [webEventsRoute, webNumbersRoute, webRepairRoute]) await app.register(routes, context);
};
