import { STATUS_CODES } from "node:http";
import { bearerToken } from "../http/api.ts";
import type { Api } from "../http/api.ts";
import { Router } from "../http/router.ts";
import type { World } from "../world.ts";
import { CloudflareError, errorAnswer } from "./error.ts";
import { manyRecordRoutes } from "./many-records.ts";
import { recordRoutes } from "./records.ts";
import { zoneRoutes } from "./zones.ts";

const GENERAL_ERROR = 10_001;

/** Cloudflare's API (v4) for one zone and its DNS records. */
export function cloudflareApi(world: World, token: string): Api {
  return {
    name: "cloudflare",
    prefix: "/client/v4/",
    router: new Router([...zoneRoutes(world), ...recordRoutes(world), ...manyRecordRoutes(world)]),
    refuse: (request) => {
      const given = bearerToken(request);
      if (given === token) return undefined;
      if (given !== undefined && !/^[0-9A-Za-z_-]{40,}$/.test(given)) {
        const chain = [{ code: 6111, message: "Invalid format for Authorization header" }];
        return errorAnswer(new CloudflareError(400, 6003, "Invalid request headers", chain));
      }
      if (given !== undefined) return errorAnswer(new CloudflareError(403, 10_000, "Authentication error"));
      const message = "Missing X-Auth-Key, X-Auth-Email or Authorization headers";
      return errorAnswer(new CloudflareError(400, 9106, message));
    },
    failed: (error) => (error instanceof CloudflareError ? errorAnswer(error) : undefined),
    errorOf: (status) => errorAnswer(new CloudflareError(status, GENERAL_ERROR, STATUS_CODES[status] ?? "Error")),
    notFound: (request) =>
      errorAnswer(new CloudflareError(404, 7000, `No route for that URI: ${request.method} ${request.path}`)),
    headers: () => world.dateHeader(),
  };
}
