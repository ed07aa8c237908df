/** Tells the addresses that never leave the machine. */
import { isIPv4 } from "node:net";

/** `localhost`, 127.0.0.0/8 or ::1 (also in brackets, as URLs have it). */
export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, "").toLowerCase();
  return bare === "localhost" || bare === "::1" || (isIPv4(bare) && bare.startsWith("127."));
}
