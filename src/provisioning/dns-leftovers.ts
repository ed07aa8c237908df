import { z } from "zod";
import { HttpEndpoint, HttpFailure } from "../../providers/core/http.ts";
import { UserVpsError } from "../../providers/core/errors.ts";
import { MINUTE_MS, SECOND_MS, sleep } from "../../providers/core/time.ts";
import { backoffMs, waitAskedMs } from "../../providers/core/retry.ts";
import type { WantedRecord } from "./leftovers.ts";

export interface DnsLeftovers {
  /** Removes A records of exactly this name and address; whether there was one. */
  removeUnknown(record: WantedRecord): Promise<boolean>;
  close(): Promise<void>;
}

export interface CloudflareAccess {
  readonly baseUrl?: string | undefined;
  readonly apiToken: string;
  readonly zoneId: string;
}

const DEFAULT_BASE_URL = "https://api.cloudflare.com/client/v4";
const REQUEST_TIMEOUT_MS = 30 * SECOND_MS;
const RETRY_LIMIT_MS = 2 * MINUTE_MS;

/** Cloudflare's envelope, as far as it is relied on. */
const answerSchema = z.object({ success: z.boolean(), result: z.unknown() });
const recordsSchema = z.array(z.object({ id: z.string(), name: z.string(), type: z.string(), content: z.string() }));

export function cloudflareLeftovers({ baseUrl = DEFAULT_BASE_URL, apiToken, zoneId }: CloudflareAccess): DnsLeftovers {
  const endpoint = new HttpEndpoint({ baseUrl, connections: 4, connectTimeoutMs: 10 * SECOND_MS });
  const records = `/zones/${encodeURIComponent(zoneId)}/dns_records`;

  async function call(method: "GET" | "DELETE", path: string): Promise<unknown> {
    const endMs = Date.now() + RETRY_LIMIT_MS;
    for (let attempt = 1; ; attempt++) {
      const answer = await endpoint
        .send({ method, path, headers: { authorization: `Bearer ${apiToken}` }, timeoutMs: REQUEST_TIMEOUT_MS })
        .catch((error: unknown) => { if (error instanceof HttpFailure) return error; throw error; });
      if (!(answer instanceof HttpFailure)) {
        if (answer.status < 300) return parsed(answer.text);
        if (method === "DELETE" && answer.status === 404) return undefined;
        if (answer.status !== 429 && answer.status < 500) throw new UserVpsError("API_REJECTED", `Cloudflare answered ${answer.status} to ${method} of the zone's DNS records.`, { status: answer.status });
      }
      const waitMs = (answer instanceof HttpFailure ? undefined : waitAskedMs(answer.headers)) ?? backoffMs(attempt);
      if (Date.now() + waitMs > endMs) {
        throw new UserVpsError("API_UNAVAILABLE", `Cloudflare did not answer ${method} of the zone's DNS records: ${answer instanceof HttpFailure ? answer.message : `status ${answer.status}`}.`);
      }
      await sleep(waitMs);
    }
  }

  return {
    async removeUnknown({ name, content }) {
      const found = recordsSchema.parse(await call("GET", `${records}?${new URLSearchParams({ type: "A", name })}`));
      const ours = found.filter((record) => record.type === "A" && record.name === name && record.content === content);
      for (const { id } of ours) await call("DELETE", `${records}/${encodeURIComponent(id)}`);
      return ours.length > 0;
    },
    close: () => endpoint.close(),
  };
}

function parsed(text: string): unknown {
  const answer = answerSchema.safeParse(text.startsWith("{") ? JSON.parse(text) : undefined);
  if (!answer.success) throw new UserVpsError("API_ANSWER_UNEXPECTED", "Cloudflare's answer about DNS records is not in its usual envelope.");
  return answer.data.result;
}
