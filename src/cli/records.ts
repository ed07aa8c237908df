/** What is known of users and their runs: of the service at USER_VPS_URL; without that, of the service's database, whether or not it runs. */
import type { RunView } from "../http/run-view.ts";
import type { AdminVpsDetailView } from "../http/vps-view.ts";
import type { Invocation } from "./command.ts";

export interface LogPart {
  readonly lines: readonly { readonly seq: number; readonly at: string; readonly line: string }[];
  /** No line will be added. */
  readonly ended: boolean;
}

export interface Records {
  /** For what is being done: `asking the service`. */
  readonly asking: string;
  /** How often may be asked again. */
  readonly intervalMs: number;
  vps(): Promise<AdminVpsDetailView>;
  /** Newest first. */
  runs(limit: number): Promise<RunView[]>;
  /** undefined: there is none, or it is somebody else's. */
  run(runId: string): Promise<RunView | undefined>;
  log(runId: string, page: { readonly afterSeq: number; readonly limit: number }): Promise<LogPart>;
}

/** Of one user. Errors: those of the service or of the database; INPUT_INVALID or USER_NOT_FOUND for who is not known. */
export async function withRecords<T>(invocation: Invocation, username: string, work: (records: Records) => Promise<T>): Promise<T> {
  if (invocation.env["USER_VPS_URL"]) {
    const { recordsOfService } = await import("./service-client/records.ts");
    return recordsOfService(invocation, username, work);
  }
  const { recordsOfDatabase } = await import("./reach-database.ts");
  return recordsOfDatabase(invocation.env, username, work);
}
