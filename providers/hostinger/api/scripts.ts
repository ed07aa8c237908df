/** Post-install scripts: /api/vps/v1/post-install-scripts. */

import { z } from "zod";

import { idSchema, momentSchema, textOrNull } from "./fields.ts";
import { listPages, readNewest } from "./paging.ts";
import type { NewestOptions, NewestPlace } from "./paging.ts";
import type { CallOptions, HostingerTransport } from "./transport.ts";

const scriptSchema = z
  .object({ id: idSchema, name: textOrNull, content: textOrNull, created_at: momentSchema, updated_at: momentSchema })
  .transform((script) => ({
    id: script.id,
    /** Empty when the answer leaves it out. */
    name: script.name ?? "",
    /** Secret. Null when the answer leaves it out, as the specification's example does. */
    content: script.content,
    createdAt: script.created_at,
    updatedAt: script.updated_at,
  }));

export type PostInstallScript = z.output<typeof scriptSchema>;

export interface ScriptRequest {
  readonly name: string;
  /** At most 48 KB; saved and run as `/post_install`. Secret. */
  readonly content: string;
}

/** Where the newest end of each account's list was: one run after the other begins its look there, and each page tells whether it is the end. */
const places = new WeakMap<object, NewestPlace | undefined>();

export function scriptCalls(transport: HostingerTransport) {
  const path = "/api/vps/v1/post-install-scripts";
  const body = ({ name, content }: ScriptRequest) => ({ body: { name, content }, secrets: [content] });
  return {
    /** From the newest one back as far as it matters, the newest first; see paging.ts. */
    async newest(options: NewestOptions<PostInstallScript>, call?: CallOptions): Promise<readonly PostInstallScript[]> {
      const newest = await readNewest(transport, path, scriptSchema, options, { call, place: places.get(transport.account) });
      places.set(transport.account, newest.place);
      return newest.items;
    },
    /** All pages. */
    list: (call?: CallOptions): Promise<PostInstallScript[]> => listPages(transport, path, scriptSchema, call),
    get: (id: number, call?: CallOptions): Promise<PostInstallScript> =>
      transport.call(scriptSchema, { method: "GET", path: `${path}/${id}` }, call),
    /** Not repeated once it may have arrived: look for the name before creating again. */
    create: (script: ScriptRequest, call?: CallOptions): Promise<PostInstallScript> =>
      transport.call(scriptSchema, { method: "POST", path, ...body(script) }, call),
    /** The same; where nobody knows whether a call that failed has made it, `find` looks for it. */
    createOrFind: (script: ScriptRequest, call: CallOptions, find: () => Promise<PostInstallScript | undefined>): Promise<PostInstallScript> =>
      transport.callOrFind(scriptSchema, { method: "POST", path, ...body(script) }, call, find),
    update: (id: number, script: ScriptRequest, call?: CallOptions): Promise<PostInstallScript> =>
      transport.call(scriptSchema, { method: "PUT", path: `${path}/${id}`, ...body(script) }, call),
    delete: (id: number, call?: CallOptions): Promise<void> => transport.remove(`${path}/${id}`, call),
  };
}
