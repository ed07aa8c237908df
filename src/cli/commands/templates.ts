import type { CliCommand } from "../command.ts";
import type { Template } from "../../../providers/hostinger/api/client.ts";
import { TEMPLATES, whyNoScript } from "../../../providers/hostinger/api/specification.ts";
import { offersOf } from "../hostinger/offers.ts";
import { table } from "../output.ts";

const SPECIFIED: readonly Template[] = TEMPLATES.map(({ id, name }) => ({ id, name, description: null, documentation: null }));

/** GET /api/vps/v1/templates */
export const templates: CliCommand<object> = {
  usage: "templates",
  summary: "Operating systems that a VM can be installed with",
  examples: ["templates"],
  async run(invocation) {
    invocation.progress.say("asking Hostinger for its templates");
    const { offers: found, note } = await offersOf<Template>(invocation, ({ client, signal }) => client.templates.list({ signal }), SPECIFIED);
    return { data: found, text: note + table(["ID", "NAME", "FOR USERS", "DESCRIPTION"], found.map(({ id, name, description }) => [id, name, whyNoScript(id, found) === undefined ? "yes" : "no", description])) };
  },
};
