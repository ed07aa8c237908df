/** The service's HTTP interface, for operators' commands: USER_VPS_URL, and USER_VPS_TOKEN or the service's JWT_SECRET. */
import type { Invocation } from "../command.ts";
import type { ServiceApi } from "./ask-service.ts";

export type { ServiceApi };

/** What the service has answered. One of `withService` refuses nothing in its answer: that is thrown. */
export async function answer<T>(call: Promise<{ readonly data?: T }>): Promise<T> {
  return (await call).data as T;
}

/** Errors: ServiceRefusal with the service's own code; CONFIG_INVALID, API_UNREACHABLE, API_UNAVAILABLE, API_TIMEOUT. */
export async function withService<T>(invocation: Pick<Invocation, "env" | "signal">, work: (service: ServiceApi) => Promise<T>): Promise<T> {
  const { askService } = await import("./ask-service.ts");
  return askService(invocation, work);
}
