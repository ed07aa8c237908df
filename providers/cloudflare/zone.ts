/** Whether a zone takes another record: https://developers.cloudflare.com/api/resources/zones/methods/get/ */
import { z } from "zod";
import { UserVpsError } from "../core/errors.ts";
import { HttpEndpoint, HttpFailure } from "../core/http.ts";
import { jsonOrUndefined } from "../core/json.ts";
import { SECOND_MS } from "../core/time.ts";
import { CLOUDFLARE_BASE_URL, cloudflareHeaders } from "./api.ts";
import type { CloudflareAccess } from "./api.ts";
import { apiErrors } from "./errors.ts";

export interface ZoneState {
  readonly recordCount: number;
  /** Why it cannot be written to; undefined if nothing speaks against it. A token may lack the permission to read the zone itself, which is no fault. */
  readonly fault: string | undefined;
}

export interface ZoneReader {
  read(): Promise<ZoneState>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 15 * SECOND_MS;

const countSchema = z.object({ success: z.literal(true), result_info: z.object({ total_count: z.number() }) });
const zoneSchema = z.object({ success: z.literal(true), result: z.object({ status: z.string().optional(), paused: z.boolean().optional(), permissions: z.array(z.string()).optional() }) });

/** GET /zones/{zone}/dns_records?per_page=5 for their number, GET /zones/{zone} for its state. */
export function zoneReader({ baseUrl = CLOUDFLARE_BASE_URL, apiToken, zoneId }: CloudflareAccess): ZoneReader {
  const headers = cloudflareHeaders(apiToken);
  const endpoint = new HttpEndpoint({ baseUrl, connections: 2, connectTimeoutMs: 10 * SECOND_MS });
  const get = async (path: string) => {
    try {
      return await endpoint.send({ method: "GET", path: `/zones/${encodeURIComponent(zoneId)}${path}`, headers, timeoutMs: TIMEOUT_MS });
    } catch (error) {
      if (error instanceof HttpFailure) throw new UserVpsError("API_UNAVAILABLE", `Cloudflare did not tell about the zone: ${error.message}.`);
      throw error;
    }
  };
  return {
    async read() {
      const [records, zone] = await Promise.all([get("/dns_records?per_page=5"), get("")]);
      const { status, text } = records;
      const errors = apiErrors(text);
      if (!errors && status < 500) throw new UserVpsError("API_ANSWER_UNREADABLE", `Cloudflare's address answered ${status} to the question for the number of the zone's records with something that is not of its API.`, { status });
      const said = errors?.said ?? "";
      if ([400, 401, 403, 404].includes(status)) return { recordCount: 0, fault: `the token may not read the zone's records (Cloudflare answered ${status}${said})` };
      const count = countSchema.safeParse(jsonOrUndefined(text));
      if (status >= 300 || !count.success) throw new UserVpsError("API_UNAVAILABLE", `Cloudflare answered ${status} to the question for the number of the zone's records${said}.`);
      return { recordCount: count.data.result_info.total_count, fault: zone.status === 200 ? faultOf(zone.text) : undefined };
    },
    close: () => endpoint.close(),
  };
}

function faultOf(text: string): string | undefined {
  const zone = zoneSchema.safeParse(jsonOrUndefined(text));
  if (!zone.success) return undefined;
  const { status = "active", paused = false, permissions } = zone.data.result;
  if (status !== "active") return `the zone is '${status}' at Cloudflare, expected 'active'`;
  if (paused) return "the zone is paused at Cloudflare";
  // Only some tokens are told permissions; those of the account as a whole have others.
  if (permissions?.includes("#dns_records:read") && !permissions.includes("#dns_records:edit")) return "the token may read the zone's records, but not write them";
  return undefined;
}
