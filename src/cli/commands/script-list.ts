import type { CliCommand } from "../command.ts";
import { withHostinger } from "../hostinger/open-client.ts";
import { moment, table } from "../output.ts";
import { scriptView } from "../hostinger/script-view.ts";

/** GET /api/vps/v1/post-install-scripts, all pages */
export const scriptList: CliCommand<object> = {
  usage: "script list",
  summary: "All post-install scripts of the account, without their contents",
  examples: ["script list"],
  async run(invocation) {
    invocation.progress.say("asking Hostinger for the scripts");
    const scripts = (await withHostinger(invocation, ({ client, signal }) => client.scripts.list({ signal }))).map(scriptView);
    return { data: scripts, text: table(["ID", "NAME", "BYTES", "CREATED (UTC)"], scripts.map(({ id, name, bytes, createdAt }) => [id, name, bytes, moment(createdAt)])) };
  },
};
