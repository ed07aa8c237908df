/** All that the page needs of the service: its files and login, and the operators' routes that were made for it. */
import type { FastifyPluginAsync } from "fastify";
import type { HttpContext } from "../context.ts";
import { webBulkRoutes } from "./web-bulk.ts";
import { webEventsRoute } from "./web-events.ts";
import { webExportRoutes } from "./web-export.ts";
import { webFleetRoute } from "./web-fleet.ts";
import { webNumbersRoute } from "./web-numbers.ts";
import { webOffersRoute } from "./web-offers.ts";
import { webPageRoutes } from "./web-pages.ts";
import { webRepairRoute } from "./web-repair.ts";
import { webUserRoutes } from "./web-user.ts";
import { webSessionRoutes } from "./web-session.ts";

export { acceptSession } from "./web-session.ts";

/** Open to everybody. */
export const webRoutes: FastifyPluginAsync<HttpContext> = async (app, context) => {
  await app.register(webPageRoutes, context);
  await app.register(webSessionRoutes, context);
};

/** For operators. */
export const webOperatorRoutes: FastifyPluginAsync<HttpContext> = async (app, context) => {
  for (const routes of [webBulkRoutes, webEventsRoute, webExportRoutes, webFleetRoute, webNumbersRoute, webOffersRoute, webRepairRoute, webUserRoutes]) await app.register(routes, context);
};
