import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { HttpEndpoint } from "../../providers/core/http.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import { failed, ok, skipped } from "./check.ts";
import type { CheckContext, Finding } from "./check.ts";

const TIMEOUT_MS = 8 * SECOND_MS;

/** Whether the service that operators' commands would ask is there and ready; no token is sent. */
export async function checkService({ env, signal }: CheckContext): Promise<Finding> {
  const baseUrl = env["USER_VPS_URL"];
  if (!baseUrl) return skipped("service", "USER_VPS_URL is not set");
  try {
    const endpoint = new HttpEndpoint({ baseUrl, connections: 1, connectTimeoutMs: TIMEOUT_MS });
    try {
      const { status, text } = await endpoint.send({ method: "GET", path: "/readyz", headers: {}, timeoutMs: TIMEOUT_MS, signal });
      return judge(baseUrl, status, text);
    } finally {
      await endpoint.close();
    }
  } catch (error) {
    if (error instanceof UserVpsError) return failed("service", "USER_VPS_URL is malformed", "Set it to the service's address, such as https://vps.example.com.");
    return failed("service", `${baseUrl} does not answer: ${messageOf(error)}`, "Start it with `npm start` or `user-vps serve`, and check USER_VPS_URL.");
  }
}

function judge(baseUrl: string, status: number, text: string): Finding {
  const { status: said, error } = parse(text);
  if (status === 200 && said === "ready") return ok("service", `${baseUrl} is ready`);
  if (status === 503 && error?.code === "NOT_READY") {
    const reasons = error.details?.map(({ path, message }) => `${path}: ${message}`).join("; ");
    return failed("service", `${baseUrl} is not ready: ${reasons || error.message}`, "Mend what it names; it looks again by itself.");
  }
  return failed("service", `${baseUrl}/readyz answers with ${status}, not as the service does`, "Check USER_VPS_URL: it is to be the service's own address.");
}

interface Answer {
  readonly status?: string;
  readonly error?: { readonly code?: string; readonly message?: string; readonly details?: readonly { readonly path: string; readonly message: string }[] };
}

function parse(text: string): Answer {
  try {
    const value = JSON.parse(text) as Answer | null;
    return value ?? {};
  } catch {
    return {};
  }
}
