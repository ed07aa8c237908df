import type { Route } from "../http/router.ts";
import { ok } from "../http/router.ts";
import { act, numberOf, page, vmOf } from "./context.ts";
import type { Context } from "./context.ts";
import { HostingerError, notFound } from "./error.ts";
import { Input } from "./input.ts";

/** `/api/vps/v1/public-keys`, and the keys of one VM. */
export function publicKeyRoutes(context: Context): Route[] {
  const { world } = context;
  const all = "/api/vps/v1/public-keys";
  return [
    { method: "GET", pattern: all, handler: (request) => page(request, world.state.publicKeys, (key) => key) },
    {
      method: "POST",
      pattern: all,
      handler: ({ body }) => {
        const input = new Input(body);
        const key = readPublicKey(input);
        input.check();
        const stored = { id: world.newId(), ...key };
        world.state.publicKeys.push(stored);
        world.changed();
        return ok(stored);
      },
    },
    {
      method: "DELETE",
      pattern: `${all}/{publicKeyId}`,
      handler: (request) => {
        const id = numberOf(request, "publicKeyId");
        if (!world.state.publicKeys.some((key) => key.id === id)) throw notFound("Public key");
        world.state.publicKeys = world.state.publicKeys.filter((key) => key.id !== id);
        world.changed();
        return ok({ message: "Request accepted" });
      },
    },
    {
      method: "POST",
      pattern: `${all}/attach/{virtualMachineId}`,
      handler: (request) => {
        const vm = vmOf(context, request);
        const input = new Input(request.body);
        const ids = input.integers("ids", { required: true }) ?? [];
        const unknown = ids.filter((id) => !world.state.publicKeys.some((key) => key.id === id));
        if (unknown.length > 0) input.refuse("ids", "The selected ids is invalid.");
        input.check();
        return act(context, vm, "attach_public_keys", { ids });
      },
    },
    {
      method: "GET",
      pattern: "/api/vps/v1/virtual-machines/{virtualMachineId}/public-keys",
      handler: (request) => {
        const vm = vmOf(context, request);
        // It is in the API's document, yet the real API answers 404.
        if (!world.state.settings.vmPublicKeys) throw new HostingerError(404, "Not Found");
        return page(request, world.state.publicKeys.filter((key) => vm.publicKeyIds.includes(key.id)), (key) => key);
      },
    },
  ];
}

/** `name` and `key` of a request, either of its own or within the setup of a VM. */
export function readPublicKey(input: Input): { name: string; key: string } {
  const name = input.string("name", { required: true }) ?? "";
  const key = input.string("key", { required: true }) ?? "";
  if (key !== "" && !isPublicKey(key)) input.refuse("key", "The key is not a valid SSH public key.");
  return { name, key };
}

export function isPublicKey(text: string): boolean {
  return /^(?:ssh-(?:rsa|ed25519|dss)|ecdsa-sha2-\S+|sk-\S+) [A-Za-z0-9+/=.]+/.test(text);
}
