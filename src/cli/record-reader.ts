/** What commands want to know of one user, wherever it comes from. */
import type { RunView } from "../http/run-view.ts";
import type { AdminVpsDetailView } from "../http/vps-view.ts";

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
