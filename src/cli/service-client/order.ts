/** What operators order for one user, and the run that follows from it. */
import { ERROR_CATALOGUE } from "../../../providers/core/errors.ts";
import type { ErrorCode } from "../../../providers/core/errors.ts";
import type { RunView } from "../../http/run-view.ts";
import type { AdminVpsView } from "../../http/vps-view.ts";
import type { Operation } from "../../records/index.ts";
import type { Invocation, OptionDescription, Result } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { isBusy } from "../../records/vps-record.ts";
import { statusLine } from "../user-record.ts";
import { answer, withService } from "./api.ts";
import type { ServiceApi } from "./api.ts";
import { ofUser } from "./paths.ts";
import { timeoutOption, waitFor } from "./wait.ts";

const TIMEOUT_SECONDS = 900;

export interface OrderOptions extends FollowOptions {
  /** Is recorded: see GET /api/admin/audit. */
  readonly reason?: string;
}

export interface FollowOptions {
  readonly follow?: true;
  readonly timeout?: number;
}

export const FOLLOW_OPTIONS: readonly OptionDescription[] = [
  { flags: "--follow", description: "wait until it is done; exit code 1 if it failed" },
  timeoutOption("that", TIMEOUT_SECONDS),
];

export const REASON_OPTION: OptionDescription = { flags: "--reason <text>", description: "why; it is recorded" };
export const ORDER_OPTIONS: readonly OptionDescription[] = [REASON_OPTION, ...FOLLOW_OPTIONS];

export interface Order<T> {
  readonly username: string;
  /** The kind of run that follows from it; undefined: nothing is queued yet. */
  readonly operation: (answer: T) => Operation | undefined | Promise<Operation | undefined>;
  /** undefined: nothing follows from it. */
  readonly send: () => Promise<T | undefined>;
}

export interface Ending {
  readonly run: RunView;
  readonly vps: AdminVpsView;
}

/** Sends the order; with --follow waits for the end of the run that comes of it. */
export async function sendAndFollow<T>(service: ServiceApi, invocation: Invocation<FollowOptions>, { username, operation, send }: Order<T>): Promise<{ answer: T | undefined; ending: Ending | undefined }> {
  const { options, progress } = invocation;
  const path = ofUser(username);
  const runs = async () => (await answer(service.GET("/api/admin/vps/{username}/runs", { params: { path, query: { limit: 20 } } }))).items;
  const last = options.follow ? (await runs())[0] : undefined;
  const answered = await send();
  if (!options.follow || answered === undefined) return { answer: answered, ending: undefined };

  const wanted = await operation(answered);
  if (wanted === undefined) return { answer: answered, ending: undefined };
  const ending = await waitFor(invocation, {
    what: `the ${wanted} of ${username} to end`,
    timeoutSeconds: options.timeout ?? TIMEOUT_SECONDS,
    async check() {
      // The run before the record: if it has ended by then, the record says what came of it.
      const found = await runs();
      const known = found.findIndex(({ runId }) => runId === last?.runId);
      const run = found.slice(0, known < 0 ? undefined : known).find((one) => one.operation === wanted);
      const vps = await answer(service.GET("/api/admin/vps/{username}", { params: { path } }));
      progress.say(`${username}: ${touchesRecord(wanted) ? statusLine(vps) : `${wanted} ${run ? "goes on" : "is queued"}`}`);
      return run?.outcome && (!touchesRecord(wanted) || !isBusy(vps.status)) ? { run, vps } : undefined;
    },
  });
  progress.end();
  return { answer: answered, ending };
}

export function endingText({ run, vps }: Ending): string {
  const { operation, outcome, errorCode, message, seconds } = run;
  if (outcome === "succeeded") return `${vps.username}: ${operation} is done after ${seconds ?? "?"} s; it is ${statusLine(vps)}.`;
  const again = !touchesRecord(operation) && ERROR_CATALOGUE[errorCode as ErrorCode]?.retry === "backoff" ? " It is tried again by itself." : "";
  return `${vps.username}: ${operation} ${outcome}${errorCode ? ` (${errorCode})` : ""}${message ? `: ${message}` : ""}${again}`;
}

/** The others leave the user's status as it is. */
function touchesRecord(operation: Operation): boolean {
  return operation === "up" || operation === "destroy";
}

export function endingCode(ending: Ending | undefined): number {
  return ending && ending.run.outcome !== "succeeded" ? EXIT.failed : EXIT.done;
}

export interface UserOrder {
  /** What is asked of the service, for this user; `reason` is undefined if none was given. */
  readonly ask: (service: ServiceApi, user: { readonly path: { readonly username: string } }, reason: { readonly reason?: string }) => Promise<{ readonly data?: AdminVpsView }>;
  /** By what is recorded then; undefined: nothing is queued yet. */
  readonly operation: (vps: AdminVpsView, service: ServiceApi) => Operation | undefined | Promise<Operation | undefined>;
  /** `new credentials are asked for` */
  readonly asked: string | ((vps: AdminVpsView) => string);
}

/** A command that is one order. */
export async function orderForUser(invocation: Invocation<OrderOptions>, username: string, { ask, operation, asked }: UserOrder): Promise<Result> {
  const user = { path: ofUser(username) };
  const { reason } = invocation.options;
  invocation.progress.say(`${username}: asking the service`);
  return withService(invocation, async (service) => {
    const { answer: answered, ending } = await sendAndFollow(service, invocation, { username, operation: (vps) => operation(vps, service), send: () => answer(ask(service, user, { ...(reason !== undefined && { reason }) })) });
    const vps = ending?.vps ?? answered!;
    const said = `${username}: ${typeof asked === "string" ? asked : asked(vps)}; it is ${statusLine(vps)}.`;
    const unended = invocation.options.follow ? `${said}\nNothing is queued yet that could be followed.` : said;
    return { data: { vps, run: ending?.run ?? null }, text: ending ? endingText(ending) : unended, exitCode: endingCode(ending) };
  });
}
