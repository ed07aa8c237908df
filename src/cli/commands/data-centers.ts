import type { CliCommand } from "../command.ts";
import { withHostinger } from "../hostinger.ts";
import { table } from "../output.ts";

/** GET /api/vps/v1/data-centers */
export const dataCenters: CliCommand<object> = {
  usage: "data-centers",
  summary: "Where a VM can be",
  examples: ["data-centers"],
  async run(invocation) {
    invocation.progress.say("asking Hostinger for its data centers");
    const found = await withHostinger(invocation, ({ client, signal }) => client.dataCenters.list({ signal }));
    return { data: found, text: table(["ID", "NAME", "CITY", "COUNTRY", "CONTINENT"], found.map(({ id, name, city, location, continent }) => [id, name, city, location, continent])) };
  },
};
