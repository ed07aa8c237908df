import type { ApiRequest, Route } from "../http/router.ts";
import { ok } from "../http/router.ts";
import type { Vm } from "../model.ts";
import { addRootKeys, removeRootKeys, rootKeys } from "../vm/root-keys.ts";
import { assertMayAct, vmOf } from "./context.ts";
import type { Context } from "./context.ts";
import { Input } from "./input.ts";
import { isPublicKey } from "./public-keys.ts";

/** `/api/vps/v1/virtual-machines/{id}/ssh-keys`: root's keys on the VM; answered at once with all of them, without an action. */
export function sshKeyRoutes(context: Context): Route[] {
  const { world } = context;
  const pattern = "/api/vps/v1/virtual-machines/{virtualMachineId}/ssh-keys";
  const change = (effect: (vm: Vm, keys: string[]) => void) => (request: ApiRequest) => {
    const vm = vmOf(context, request);
    const input = new Input(request.body);
    const keys = input.strings("keys", { required: true }) ?? [];
    keys.forEach((key, at) => isPublicKey(key) || input.refuse(`keys.${at}`, `The keys.${at} is not a valid SSH public key.`));
    input.check();
    assertMayAct(vm);
    effect(vm, keys);
    world.vmChanged(vm);
    return ok(rootKeys(world, vm));
  };
  return [
    { method: "GET", pattern, handler: (request) => ok(rootKeys(world, vmOf(context, request))) },
    { method: "POST", pattern, handler: change((vm, keys) => addRootKeys(world, vm, keys)) },
    { method: "DELETE", pattern, handler: change((vm, keys) => removeRootKeys(world, vm, keys)) },
  ];
}
