import { sleep } from "../../../providers/core/time.ts";
import { isBusy } from "../../records/vps-record.ts";
import type { CliCommand } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { patientAsking } from "../patient-asking.ts";
import { withRecords } from "../records.ts";
import { statusLine, usualTime } from "../user-record.ts";

export const events: CliCommand<{ follow?: true }> = {
  usage: "events <username>",
  summary: "Follow a user's VPS until it is ready or failed",
  details: "Of the service at USER_VPS_URL, else of its database. One line a change, at first how it is now; with --json one JSON document a line. Exit code 1 if it ends as failed.",
  options: [{ flags: "--follow", description: "go on when it is ready or failed, until Ctrl-C" }],
  examples: ["events alice", "events alice --json"],
  async run(invocation) {
    const { args, progress, signal, options } = invocation;
    progress.say("asking");
    return withRecords(invocation, args[0]!, async (records) => {
      progress.say(records.asking);
      const patiently = patientAsking(invocation);
      for (let version = -1; ; ) {
        const vps = await patiently(() => records.vps());
        if (vps.version !== version) {
          version = vps.version;
          progress.end();
          invocation.show({ data: vps, text: `${vps.updatedAt.slice(11, 19)}  ${statusLine(vps)}${vps.status === "ready" ? `, ${vps.url}` : ""}` });
          if (!isBusy(vps.status) && !options.follow) return vps.status === "failed" ? { data: undefined, text: "", exitCode: EXIT.failed } : undefined;
        }
        const usual = usualTime(vps);
        progress.say(`waiting for the next change${usual ? `; ready ${usual}` : ""}`);
        await sleep(records.intervalMs, signal);
      }
    });
  },
};
