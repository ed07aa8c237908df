import { sleep } from "../../../providers/core/time.ts";
import { findVpsByUserId } from "../../records/find-vps.ts";
import type { CliCommand } from "../command.ts";
import { withRecords } from "../database.ts";
import { EXIT } from "../exit-codes.ts";
import { isBusy } from "../../records/vps-record.ts";
import { recordOf, statusLine } from "../user-record.ts";
import { usualTime } from "../usual-time.ts";

const INTERVAL_MS = 500;

/** Follows the record in the service's database. */
export const events: CliCommand<{ follow?: true }> = {
  usage: "events <username>",
  summary: "Follow a user's VPS until it is ready or failed",
  details: "One line a change, at first how it is now; with --json one JSON document a line. Exit code 1 if it ends as failed.",
  options: [{ flags: "--follow", description: "go on when it is ready or failed, until Ctrl-C" }],
  examples: ["events alice", "events alice --json"],
  async run(invocation) {
    const { args, env, progress, signal, options } = invocation;
    progress.say("asking the database");
    const { readVpsView } = await import("../../http/vps-view.ts");
    return withRecords(env, async (pool) => {
      const { userId } = await recordOf(pool, args[0]!);
      const usual = await usualTime(pool);
      for (let version = -1; ; ) {
        const record = await findVpsByUserId(pool, userId);
        if (record && record.version !== version) {
          version = record.version;
          const vps = await readVpsView(pool, record);
          progress.end();
          invocation.show({ data: vps, text: `${vps.updatedAt.slice(11, 19)}  ${statusLine(vps)}${vps.status === "ready" ? `, ${vps.url}` : ""}` });
          if (!isBusy(vps.status) && !options.follow) return vps.status === "failed" ? { data: undefined, text: "", exitCode: EXIT.failed } : undefined;
          progress.say(`waiting for the next change${usual && isBusy(vps.status) ? `; ${usual}` : ""}`);
        }
        await sleep(INTERVAL_MS, signal);
      }
    });
  },
};
