import type { CliCommand } from "../command.ts";
import { withHostinger } from "../hostinger.ts";
import { table } from "../output.ts";

/** GET /api/vps/v1/templates */
export const templates: CliCommand<object> = {
  usage: "templates",
  summary: "Operating systems that a VM can be installed with",
  examples: ["templates"],
  async run(invocation) {
    invocation.progress.say("asking Hostinger for its templates");
    const found = await withHostinger(invocation, ({ client, signal }) => client.templates.list({ signal }));
    return { data: found, text: table(["ID", "NAME", "DESCRIPTION"], found.map(({ id, name, description }) => [id, name, description])) };
  },
};
