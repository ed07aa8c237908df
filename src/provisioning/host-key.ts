import { SECOND_MS, sleep } from "../../providers/core/time.ts";
import { fetchHostKey } from "../../providers/ssh/fetch-host-key.ts";

const LIMIT_MS = 3 * SECOND_MS;
/** So short that it is asked once. */
const ONCE_MS = SECOND_MS / 2;

/** The key of a VPS's SSH server as `type base64`, for its user to compare; undefined if it does not tell: the VPS is ready without it. */
export async function readHostKey(address: string, port: number, signal: AbortSignal): Promise<string | undefined> {
  const answered = new AbortController();
  const late = sleep(LIMIT_MS, AbortSignal.any([signal, answered.signal]));
  try {
    return await Promise.race([fetchHostKey(address, port, signal, ONCE_MS), late.then(() => undefined)]);
  } catch {
    return undefined;
  } finally {
    answered.abort();
    late.catch(() => undefined);
  }
}
