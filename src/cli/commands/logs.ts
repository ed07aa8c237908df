import { UserVpsError } from "../../../providers/core/errors.ts";
import { sleep } from "../../../providers/core/time.ts";
import type { RunView } from "../../http/run-view.ts";
import type { CliCommand, Invocation, Result } from "../command.ts";
import { moment, table } from "../output.ts";
import { errorView } from "../report-error.ts";
import { patientAsking } from "../patient-asking.ts";
import type { Records } from "../record-reader.ts";
import { withRecords } from "../records.ts";

interface Options {
  readonly run?: string;
  readonly runs?: true;
  readonly follow?: true;
  readonly boot?: true;
}

const PAGE = 1_000;
const RUNS_LISTED = 50;
const UNHEALTHY: ReadonlySet<string> = new Set(["HEALTH_CHECK_FAILED", "FIRST_BOOT_FAILED", "CERTIFICATE_RATE_LIMITED"]);

/** What the engine printed; secrets were removed before it was stored. */
export const logs: CliCommand<Options> = {
  usage: "logs <username>",
  summary: "What the last run for a user printed, and where the VPS's script stopped",
  details: "Of the service (USER_VPS_URL, or `login`), else of its database. If the last run that has ended failed in the health check, /post_install.log is read from the VPS over SSH as well, and the step named in which the post-install script stopped: with the stack's own password or SSH_PRIVATE_KEY, and the state backend and passphrase as for `up`; where those are not set, a worker of the service reads it. If the stack has pinned the VPS's host key, it is verified.",
  options: [
    { flags: "--run <run-id>", description: "another run" },
    { flags: "--runs", description: "list the runs instead" },
    { flags: "--follow", description: "go on until the run ends; with --json one line a JSON document" },
    { flags: "--boot", description: "all of the VPS's /post_install.log instead" },
  ],
  examples: ["logs alice", "logs alice --follow", "logs alice --runs", "logs alice --boot"],
  async run(invocation) {
    const { args, options } = invocation;
    if (options.boot) {
      const { bootLogText, readBootLog } = await import("../boot-log/read-boot-log.ts");
      const boot = await readBootLog(invocation);
      return { data: boot, text: `${boot.lines.join("\n")}\n\n${bootLogText(args[0]!, boot)}` };
    }
    const { result, isUnhealthy } = await fromRecords(invocation);
    if (!isUnhealthy) return result;
    const boot = await whatTheVpsTells(invocation);
    return { data: { ...(result.data as object), boot: boot.data }, text: `${result.text}\n\n${boot.text}` };
  },
};

async function fromRecords(invocation: Invocation<Options>): Promise<{ result: Result; isUnhealthy: boolean }> {
  const { args: [username = ""], options, progress, signal, show } = invocation;
  progress.say("asking");
  return withRecords(invocation, username, async (records) => {
    progress.say(records.asking);
    if (options.runs) return { result: listing(await records.runs(RUNS_LISTED)), isUnhealthy: false };
    const patiently = patientAsking(invocation);
    const runId = (await patiently(() => runOf(records, username, options.run))).runId;
    const all: { at: string; line: string }[] = [];
    for (let afterSeq = 0; ; ) {
      const { lines, ended: isOver } = await patiently(() => records.log(runId, { afterSeq, limit: PAGE }));
      afterSeq = lines.at(-1)?.seq ?? afterSeq;
      progress.end();
      for (const { at, line } of lines) {
        const shown = { at, line };
        if (options.follow) show({ data: shown, text: asText(shown) });
        else all.push(shown);
      }
      if (lines.length === PAGE) continue;
      if (options.follow && !isOver) {
        progress.say(`run ${runId} goes on`);
        await sleep(records.intervalMs, signal);
        continue;
      }
      const ended = ending((await patiently(() => records.run(runId)))!);
      // Of an older run the VPS tells nothing any more.
      const isUnhealthy = options.run === undefined && (await patiently(() => lastEndedFailedUnhealthy(records)));
      if (options.follow) return { isUnhealthy, result: { data: { run: ended }, text: ended.text } };
      return { isUnhealthy, result: { data: { run: ended, lines: all }, text: [...all.map(asText), ended.text].join("\n") } };
    }
  });
}

/** The run's own log is shown whether or not the VPS can be asked. */
async function whatTheVpsTells(invocation: Invocation<Options>): Promise<Result> {
  try {
    const { bootLogText, readBootLog } = await import("../boot-log/read-boot-log.ts");
    const { lines: _all, ...boot } = await readBootLog(invocation);
    return { data: boot, text: bootLogText(invocation.args[0]!, boot) };
  } catch (error) {
    invocation.signal.throwIfAborted();
    const view = errorView(error);
    return { data: view, text: `/post_install.log could not be read from the VPS: ${view.error.message}\nNext: ${view.error.next}` };
  }
}

/** While it is tried again, why the try before failed is what one wants to know. */
async function lastEndedFailedUnhealthy(records: Records): Promise<boolean> {
  return UNHEALTHY.has((await records.runs(2)).find(({ outcome }) => outcome !== null)?.errorCode ?? "");
}

async function runOf(records: Records, username: string, runId: string | undefined): Promise<RunView> {
  const run = runId === undefined ? (await records.runs(1))[0] : await records.run(runId);
  if (run) return run;
  throw new UserVpsError("INPUT_INVALID", runId === undefined ? `There was no run for '${username}' yet.` : `'${username}' has no run '${runId}'.`, { next: `\`user-vps logs ${username} --runs\` lists them.` });
}

function ending({ runId, operation, outcome, errorCode, seconds }: RunView) {
  const how = outcome === null ? "goes on" : `${outcome}${errorCode ? ` (${errorCode})` : ""} after ${seconds ?? "?"} s`;
  return { runId, operation, outcome, errorCode, seconds, text: `run ${runId}, ${operation}: ${how}` };
}

function listing(runs: readonly RunView[]) {
  const rows = runs.map((run) => [run.runId, run.operation, run.outcome ?? "goes on", run.errorCode, run.seconds, moment(run.startedAt)]);
  return { data: runs, text: table(["RUN", "OPERATION", "OUTCOME", "ERROR", "SECONDS", "STARTED (UTC)"], rows) };
}

function asText({ at, line }: { at: string; line: string }): string {
  return `${at.slice(11, 19)}  ${line}`;
}
