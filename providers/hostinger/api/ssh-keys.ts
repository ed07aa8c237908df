/** Root's SSH keys on one VM: /api/vps/v1/virtual-machines/{id}/ssh-keys, since 2.3.0 in place of the account's public keys. */

import { z } from "zod";

import type { CallOptions, HostingerTransport } from "./transport.ts";

/** Each in OpenSSH format. */
const keysSchema = z.array(z.string());

/** Every call answers at once with all keys as they are then; there is no action to wait for. */
export function sshKeyCalls(transport: HostingerTransport) {
  const path = (vmId: number) => `/api/vps/v1/virtual-machines/${vmId}/ssh-keys`;
  return {
    list: (vmId: number, call?: CallOptions): Promise<string[]> => transport.call(keysSchema, { method: "GET", path: path(vmId) }, call),
    /** May be repeated: a key that is there already is there once. */
    add: (vmId: number, keys: readonly string[], call?: CallOptions): Promise<string[]> =>
      transport.call(keysSchema, { method: "POST", path: path(vmId), body: { keys }, repeatable: true }, call),
    remove: (vmId: number, keys: readonly string[], call?: CallOptions): Promise<string[]> =>
      transport.call(keysSchema, { method: "DELETE", path: path(vmId), body: { keys } }, call),
  };
}

/** Type and base64 text count; the comment does not. */
export function sameKey(a: string, b: string): boolean {
  const essence = (key: string) => key.trim().split(/\s+/).slice(0, 2).join(" ");
  return essence(a) === essence(b);
}
