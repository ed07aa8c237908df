import type { CliCommand } from "../command.ts";
import { moment } from "../output.ts";
import { answer, withService } from "../service-client/api.ts";

/** POST /api/admin/login-links */
export const login: CliCommand<object> = {
  usage: "login",
  summary: "Print a link that logs a browser in to the operators' page, once",
  details: "As whoever USER_VPS_TOKEN names, with the same role; on the service's own machine, JWT_SECRET serves as well. The link is good for five minutes, the session for an hour, and no longer than the token.",
  examples: ["login", "login --json"],
  async run(invocation) {
    invocation.progress.say("asking the service for a link");
    const link = await withService(invocation, (service) => answer(service.POST("/api/admin/login-links", { body: {} })));
    const { serviceUrl } = await import("../service-client/ask-service.ts");
    const url = link.url ?? serviceUrl(invocation.env).replace(/\/$/, "") + link.path;
    return { data: { ...link, url }, text: `${url}\n\nGood once, until ${moment(link.expiresAt)} UTC, for ${link.operator} as ${link.role}.` };
  },
};
