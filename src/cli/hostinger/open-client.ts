/** Hostinger's API for commands, by the same settings as the providers: HOSTINGER_API_KEY, HOSTINGER_API_BASE_URL. */
import { SECOND_MS } from "../../../providers/core/time.ts";
import type { Session } from "../../../providers/hostinger/session.ts";
import type { Invocation } from "../command.ts";

/** Somebody sits in front of it: not as patient as a worker. */
const RETRY_LIMIT_MS = 30 * SECOND_MS;

export async function withHostinger<T>({ env, progress, signal }: Pick<Invocation, "env" | "progress" | "signal">, work: (session: Session) => Promise<T>): Promise<T> {
  const [{ HostingerClient }, { hostingerSettings }] = await Promise.all([import("../../../providers/hostinger/api/client.ts"), import("../../../providers/hostinger/settings.ts")]);
  const settings = hostingerSettings({ get: () => undefined }, env);
  const { baseUrl, apiKey, purchaseTimeoutMs } = settings;
  const client = new HostingerClient({ baseUrl, apiKey, purchaseTimeoutMs, retryLimitMs: RETRY_LIMIT_MS, signal });
  try {
    return await work({ client, settings, signal, report: (text) => progress.say(text) });
  } finally {
    await client.close();
  }
}
