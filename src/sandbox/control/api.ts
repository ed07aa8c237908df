import { STATUS_CODES } from "node:http";
import { z } from "zod";
import type { Api } from "../http/api.ts";
import type { CallLog } from "../http/call-log.ts";
import type { FaultRule, Faults } from "../http/faults.ts";
import { ok, Router } from "../http/router.ts";
import type { ApiAnswer, ApiRequest, Route } from "../http/router.ts";
import { failOrder, payOrder } from "../hostinger/place-order.ts";
import type { Vm } from "../model.ts";
import type { Artefacts } from "../vm/artefacts.ts";
import type { Lifecycle } from "../vm/lifecycle.ts";
import type { SharedWebServers } from "../vm/shared-web-servers.ts";
import type { WebServers } from "../vm/web-servers.ts";
import type { World } from "../world.ts";
import { addInBulk } from "./bulk.ts";
import { ControlError, driftRecord, driftVm } from "./drift.ts";
import * as input from "./input.ts";
import { stateView, vmView } from "./state-view.ts";

export interface Controls {
  world: World;
  lifecycle: Lifecycle;
  servers: WebServers;
  sharedServers: SharedWebServers;
  faults: Faults;
  calls: CallLog;
  artefacts: Artefacts;
  reset: () => void;
}

/** `/sandbox/*`: what tests and people use to look behind the APIs and to make things go wrong. No token. */
export function controlApi(controls: Controls): Api {
  return {
    name: "control",
    prefix: "/sandbox/",
    router: new Router(controlRoutes(controls)),
    refuse: () => undefined,
    failed,
    errorOf: (status) => ({ status, body: { message: STATUS_CODES[status] ?? "Error" } }),
    notFound: ({ method, path }) => ({ status: 404, body: { message: `no control ${method} ${path}` } }),
    headers: () => ({}),
  };
}

function controlRoutes({ world, lifecycle, servers, sharedServers, faults, calls, artefacts, reset }: Controls): Route[] {
  const vmOf = (request: ApiRequest): Vm => {
    const vm = world.findVm(Number(request.params["id"]));
    if (vm === undefined) throw new ControlError(404, `no VM ${request.params["id"]}`);
    return vm;
  };
  const route = (method: string, path: string, handler: (request: ApiRequest) => unknown): Route => ({
    method,
    pattern: `/sandbox/${path}`,
    handler: async (request) => ok((await handler(request)) ?? { done: true }),
  });
  return [
    route("GET", "state", () => stateView({ world, calls, servers })),
    route("GET", "calls", () => calls.recent),
    route("DELETE", "calls", () => calls.clear()),
    route("GET", "faults", () => faults.list()),
    // The parsed rule differs from the type in `| undefined` alone.
    route("POST", "faults", ({ body }) => ({ id: faults.add(input.faultRule.parse(body) as FaultRule) })),
    route("DELETE", "faults", () => faults.clear()),
    route("DELETE", "faults/{id}", ({ params }) => {
      if (!faults.remove(Number(params["id"]))) throw new ControlError(404, `no fault ${params["id"]}`);
    }),
    route("POST", "boot", ({ body }) => {
      const { hostname, times, outcome, ...rest } = input.bootRule.parse(body);
      lifecycle.bootPlans.add({ ...defined({ hostname }), times, effect: { outcome, ...defined(rest) } });
    }),
    route("POST", "purchases", ({ body }) => {
      const { hostname, times, ...going } = input.purchaseRule.parse(body);
      lifecycle.purchasePlans.add({ ...defined({ hostname }), times, effect: defined(going) });
    }),
    route("GET", "orders", () => world.state.purchases.map(({ setup: _setup, ...order }) => order)),
    route("POST", "orders/{id}", ({ body, params }) => {
      const order = world.state.purchases.find(({ orderId }) => orderId === Number(params["id"]));
      if (order === undefined) throw new ControlError(404, `no order ${params["id"]}`);
      const { status } = input.orderChange.parse(body);
      if (status === "completed") payOrder({ world, lifecycle }, order);
      else failOrder({ world, lifecycle }, order, status);
    }),
    route("POST", "actions", ({ body }) => {
      const { hostname, times, outcome, ...rest } = input.actionRule.parse(body);
      lifecycle.actionPlans.add({ ...defined({ hostname }), times, effect: { outcome, ...defined(rest) } });
    }),
    route("POST", "artefacts", ({ body }) => artefacts.add(input.artefact.parse(body))),
    route("DELETE", "artefacts", () => artefacts.clear()),
    route("GET", "offers", () => world.state.offers),
    route("POST", "offers", ({ body }) => {
      Object.assign(world.state.offers, defined(input.offers.parse(body)));
      world.changed();
      return world.state.offers;
    }),
    route("GET", "settings", () => world.state.settings),
    route("POST", "settings", ({ body }) => {
      Object.assign(world.state.settings, defined(input.settings.parse(body)));
      world.changed();
      return world.state.settings;
    }),
    route("GET", "vms/{id}", (request) => vmView(world, servers, vmOf(request))),
    route("GET", "vms/{id}/log", (request) => ({ log: vmOf(request).disk?.log ?? null })),
    route("POST", "vms/{id}/drift", (request) => driftVm(world, lifecycle, vmOf(request), input.vmDrift.parse(request.body))),
    route("POST", "records/drift", ({ body }) => driftRecord(world, input.recordDrift.parse(body))),
    route("POST", "bulk", async ({ body }) => ({ users: await addInBulk(world, sharedServers, input.bulk.parse(body)) })),
    route("POST", "reset", () => reset()),
  ];
}

function failed(error: unknown): ApiAnswer | undefined {
  if (error instanceof z.ZodError) return { status: 400, body: { message: z.prettifyError(error) } };
  if (error instanceof SyntaxError) return { status: 400, body: { message: error.message } };
  if (error instanceof ControlError) return { status: error.status, body: { message: error.message } };
  return undefined;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(given: T): Defined<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Defined<T>;
}
