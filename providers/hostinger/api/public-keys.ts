/** SSH public keys of the account: /api/vps/v1/public-keys. Deprecated in 2.3.0; the specification names them. Root's keys on a VM are in ssh-keys.ts. */

import { z } from "zod";

import { actionSchema, type Action } from "./actions.ts";
import { idSchema } from "./fields.ts";
import { listPages } from "./paging.ts";
import type { CallOptions, HostingerTransport } from "./transport.ts";

export const publicKeySchema = z.object({ id: idSchema, name: z.string().catch(""), key: z.string() });

export type PublicKey = z.output<typeof publicKeySchema>;

export interface PublicKeyRequest {
  readonly name: string;
  /** OpenSSH form: `ssh-ed25519 AAAA… comment`. */
  readonly key: string;
}

export function publicKeyCalls(transport: HostingerTransport) {
  const path = "/api/vps/v1/public-keys";
  return {
    /** All pages. */
    list: (call?: CallOptions): Promise<PublicKey[]> => listPages(transport, path, publicKeySchema, call),
    create: ({ name, key }: PublicKeyRequest, call?: CallOptions): Promise<PublicKey> =>
      transport.call(publicKeySchema, { method: "POST", path, body: { name, key } }, call),
    delete: (id: number, call?: CallOptions): Promise<void> => transport.remove(`${path}/${id}`, call),
    /** POST …/attach/{virtualMachineId} */
    attach: (virtualMachineId: number, ids: readonly number[], call?: CallOptions): Promise<Action> =>
      transport.call(actionSchema, { method: "POST", path: `${path}/attach/${virtualMachineId}`, body: { ids } }, call),
  };
}
