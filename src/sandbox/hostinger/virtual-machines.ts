import type { Route } from "../http/router.ts";
import { ok } from "../http/router.ts";
import { act, numberOf, page, vmOf } from "./context.ts";
import type { Context } from "./context.ts";
import type { Vm } from "../model.ts";
import { HostingerError, notFound } from "./error.ts";
import { Input } from "./input.ts";
import { purchase } from "./purchase.ts";
import { applySetup, readInstallation, readSetup } from "./setup.ts";
import { actionShape, virtualMachineShape } from "./shapes.ts";

export const ALL_MACHINES = "/api/vps/v1/virtual-machines";
export const ONE_MACHINE = `${ALL_MACHINES}/{virtualMachineId}`;

/** A new VM may be listed later than it can be asked for by its id. */
function isListed({ listedFromMs }: Vm): boolean {
  return listedFromMs === undefined || (listedFromMs !== null && listedFromMs <= Date.now());
}

/** Buying, looking, setting up, power, and the list of actions. */
export function virtualMachineRoutes(context: Context): Route[] {
  const { world, lifecycle } = context;
  const power = (name: string): Route => ({
    method: "POST",
    pattern: `${ONE_MACHINE}/${name}`,
    handler: (request) => act(context, vmOf(context, request), name),
  });
  return [
    { method: "GET", pattern: ALL_MACHINES, handler: () => ok(world.state.vms.filter(isListed).map(virtualMachineShape)) },
    { method: "POST", pattern: ALL_MACHINES, handler: ({ body }) => purchase(context, body) },
    { method: "GET", pattern: ONE_MACHINE, handler: (request) => ok(virtualMachineShape(vmOf(context, request))) },
    {
      method: "POST",
      pattern: `${ONE_MACHINE}/setup`,
      handler: (request) => {
        const vm = vmOf(context, request);
        if (vm.state !== "initial") throw new HostingerError(422, "Virtual machine is already set up");
        const input = new Input(request.body);
        const setup = readSetup(input, world);
        input.check();
        applySetup(vm, setup, world);
        lifecycle.boot(vm);
        return ok(virtualMachineShape(vm));
      },
    },
    power("start"),
    power("stop"),
    power("restart"),
    {
      method: "POST",
      pattern: `${ONE_MACHINE}/recreate`,
      handler: (request) => {
        const vm = vmOf(context, request);
        const input = new Input(request.body);
        const installation = readInstallation(input, world);
        input.password("panel_password");
        input.check();
        return act(context, vm, "recreate", { ...installation });
      },
    },
    {
      method: "GET",
      pattern: `${ONE_MACHINE}/actions`,
      handler: (request) => page(request, vmOf(context, request).actions.toReversed(), actionShape),
    },
    {
      method: "GET",
      pattern: `${ONE_MACHINE}/actions/{actionId}`,
      handler: (request) => {
        const id = numberOf(request, "actionId");
        const action = vmOf(context, request).actions.find((one) => one.id === id);
        if (action === undefined) throw notFound("Action");
        return ok(actionShape(action));
      },
    },
  ];
}
