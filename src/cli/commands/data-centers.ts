import type { CliCommand } from "../command.ts";
import { DATA_CENTERS } from "../../../providers/hostinger/api/specification.ts";
import type { DataCenter } from "../../../providers/hostinger/api/client.ts";
import { offersOf } from "../hostinger/offers.ts";
import { table } from "../output.ts";

const SPECIFIED: readonly DataCenter[] = DATA_CENTERS.map(({ id, code, city, country, continent }) => ({ id, name: code, city, location: country, continent }));

/** GET /api/vps/v1/data-centers */
export const dataCenters: CliCommand<object> = {
  usage: "data-centers",
  summary: "Where a VM can be",
  examples: ["data-centers"],
  async run(invocation) {
    invocation.progress.say("asking Hostinger for its data centers");
    const { offers: found, note } = await offersOf<DataCenter>(invocation, ({ client, signal }) => client.dataCenters.list({ signal }), SPECIFIED);
    return { data: found, text: note + table(["ID", "NAME", "CITY", "COUNTRY", "CONTINENT"], found.map(({ id, name, city, location, continent }) => [id, name, city, location, continent])) };
  },
};
