import { SECOND_MS } from "../../../providers/core/time.ts";
import type { Invocation } from "../command.ts";
import type { Records } from "../record-reader.ts";
import { answer, withService } from "./api.ts";
import { ofUser } from "./paths.ts";
import { ServiceRefusal } from "./refusal.ts";

/** Well within RATE_LIMIT_PER_MINUTE. */
const INTERVAL_MS = 2 * SECOND_MS;

/** What the service tells of one user; see `withRecords`. */
export async function recordsOfService<T>(invocation: Invocation, username: string, work: (records: Records) => Promise<T>): Promise<T> {
  const path = ofUser(username);
  return withService(invocation, (service) => work({
    asking: "asking the service",
    intervalMs: INTERVAL_MS,
    vps: () => answer(service.GET("/api/admin/vps/{username}", { params: { path } })),
    runs: async (limit) => (await answer(service.GET("/api/admin/vps/{username}/runs", { params: { path, query: { limit } } }))).items,
    async run(runId) {
      try {
        const run = await answer(service.GET("/api/admin/runs/{runId}", { params: { path: { runId } } }));
        return run.username === path.username ? run : undefined;
      } catch (error) {
        if (error instanceof ServiceRefusal && error.code === "RUN_NOT_FOUND") return undefined;
        throw error;
      }
    },
    log: (runId, query) => answer(service.GET("/api/admin/runs/{runId}/log", { params: { path: { runId }, query } })),
  }));
}
