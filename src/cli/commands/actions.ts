import type { CliCommand } from "../command.ts";
import { moment, table } from "../output.ts";
import { answer, withService } from "../service-client/api.ts";
import { ofUser } from "../service-client/paths.ts";

/** GET /api/admin/vps/{username}/actions */
export const actions: CliCommand<object> = {
  usage: "actions <username>",
  summary: "What was done to a user's VM at Hostinger, newest first",
  details: "By its id, without the service: `vm actions`. PROGRESS is running, completed or failed, whatever word the API has for it.",
  examples: ["actions alice", "actions alice --json"],
  async run(invocation) {
    const path = ofUser(invocation.args[0]!);
    invocation.progress.say("asking the service, which has a worker ask Hostinger");
    const found = await withService(invocation, (service) => answer(service.GET("/api/admin/vps/{username}/actions", { params: { path } })));
    const rows = found.items.map(({ actionId, name, progress, state, createdAt, updatedAt }) => [actionId, name, progress, state, moment(createdAt), moment(updatedAt)]);
    return { data: found, text: table(["ID", "ACTION", "PROGRESS", "STATE", "CREATED (UTC)", "UPDATED (UTC)"], rows) };
  },
};
