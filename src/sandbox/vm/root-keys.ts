import type { Vm } from "../model.ts";
import type { World } from "../world.ts";

/** The public keys that let in as root: on the VM itself, whatever becomes of those in the account. */
export function rootKeys(world: World, vm: Vm): string[] {
  return vm.rootKeys ?? world.state.publicKeys.filter(({ id }) => vm.publicKeyIds.includes(id)).map(({ key }) => key);
}

export function addRootKeys(world: World, vm: Vm, keys: string[]): void {
  const known = rootKeys(world, vm);
  vm.rootKeys = [...known, ...keys.filter((key, at) => ![...known, ...keys.slice(0, at)].some((other) => isSameKey(key, other)))];
}

export function removeRootKeys(world: World, vm: Vm, keys: string[]): void {
  vm.rootKeys = rootKeys(world, vm).filter((known) => !keys.some((key) => isSameKey(key, known)));
}

/** Type and base64 text count; the comment does not. */
function isSameKey(a: string, b: string): boolean {
  const essence = (key: string) => key.trim().split(/\s+/).slice(0, 2).join(" ");
  return essence(a) === essence(b);
}
