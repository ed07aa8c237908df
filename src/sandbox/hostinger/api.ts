import { STATUS_CODES } from "node:http";
import { bearerToken } from "../http/api.ts";
import type { Api } from "../http/api.ts";
import { ok, Router } from "../http/router.ts";
import type { Route } from "../http/router.ts";
import { billingRoutes } from "./billing.ts";
import { numberOf } from "./context.ts";
import type { Context } from "./context.ts";
import { copyRoutes } from "./copies.ts";
import { dockerRoutes } from "./docker.ts";
import { errorAnswer, HostingerError, notFound } from "./error.ts";
import { firewallRoutes } from "./firewall.ts";
import { machineSettingRoutes } from "./machine-settings.ts";
import { metricRoutes } from "./metrics.ts";
import { monarxRoutes } from "./monarx.ts";
import { orderRoutes } from "./orders.ts";
import { performOrderStep } from "./place-order.ts";
import { publicKeyRoutes } from "./public-keys.ts";
import { RateLimit } from "./rate-limit.ts";
import { scriptRoutes } from "./scripts.ts";
import { sshKeyRoutes } from "./ssh-keys.ts";
import { virtualMachineRoutes } from "./virtual-machines.ts";

/** Hostinger's API as the contract has it (test/contract), for VPS and billing. */
export function hostingerApi(context: Context, token: string): Api {
  context.lifecycle.performOrderStep = (what) => performOrderStep(context, what);
  const rateLimit = new RateLimit(() => context.world.state.settings.rateLimitPerMinute);
  return {
    name: "hostinger",
    prefix: "/api/",
    router: new Router(hostingerRoutes(context)),
    refuse: (request) => {
      if (bearerToken(request) !== token) return errorAnswer(new HostingerError(401, "Unauthenticated"));
      return rateLimit.refuse();
    },
    failed: (error) => (error instanceof HostingerError ? errorAnswer(error) : undefined),
    errorOf: (status) => errorAnswer(new HostingerError(status, STATUS_CODES[status] ?? "Error")),
    notFound: () => errorAnswer(new HostingerError(404, "Not Found")),
    headers: () => ({ ...rateLimit.headers(), ...context.world.dateHeader() }),
  };
}

export function hostingerRoutes(context: Context): Route[] {
  return [
    ...billingRoutes(context),
    ...orderRoutes(context),
    { method: "GET", pattern: "/api/vps/v1/data-centers", handler: () => ok(context.world.state.offers.dataCenters) },
    { method: "GET", pattern: "/api/vps/v1/templates", handler: () => ok(context.world.state.offers.templates) },
    {
      method: "GET",
      pattern: "/api/vps/v1/templates/{templateId}",
      handler: (request) => {
        const id = numberOf(request, "templateId");
        const template = context.world.state.offers.templates.find((one) => one.id === id);
        if (template === undefined) throw notFound("Template");
        return ok(template);
      },
    },
    ...scriptRoutes(context),
    ...publicKeyRoutes(context),
    ...sshKeyRoutes(context),
    ...virtualMachineRoutes(context),
    ...machineSettingRoutes(context),
    ...copyRoutes(context),
    ...metricRoutes(context),
    ...firewallRoutes(context),
    ...dockerRoutes(context),
    ...monarxRoutes(context),
  ];
}
