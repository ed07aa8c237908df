import { UserVpsError } from "../../../providers/core/errors.ts";
import type { CliCommand, Invocation, Result } from "../command.ts";
import { moment } from "../output.ts";
import { answer, withService } from "../service-client/api.ts";

/** POST /session for this command line, POST /api/admin/login-links for a browser. */
export const login: CliCommand<object> = {
  usage: "login [url]",
  summary: "Log this command line in to a service; without an address, print a link that logs a browser in",
  details: "With the service's address: asks for an operator's token, or for a link that `user-vps login` has printed elsewhere (USER_VPS_TOKEN is taken if it is set, standard input if it is no terminal), and keeps the session in a file of your own for later commands, until it ends: an hour, and no longer than the token. `logout` ends it. What the environment says wins.\n\nWithout: prints a link to the operators' page, as whoever is logged in here or USER_VPS_TOKEN names, with the same role; on the service's own machine, JWT_SECRET serves as well. The link is good once, for five minutes.",
  examples: ["login https://vps.example.com", "login", "login --json"],
  run: (invocation) => (invocation.args[0] === undefined ? printLink(invocation) : keep(invocation, invocation.args[0])),
};

async function printLink(invocation: Invocation): Promise<Result> {
  invocation.progress.say("asking the service for a link");
  const link = await withService(invocation, (service) => answer(service.POST("/api/admin/login-links", { body: {} })));
  const { serviceUrl } = await import("../service-client/reach-service.ts");
  const url = link.url ?? serviceUrl(invocation.env).replace(/\/$/, "") + link.path;
  return { data: { ...link, url }, text: `${url}\n\nGood once, until ${moment(link.expiresAt)} UTC, for ${link.operator} as ${link.role}.` };
}

async function keep(invocation: Invocation, given: string): Promise<Result> {
  const { env, progress } = invocation;
  const { bareUrl, keepSession } = await import("../service-client/session-file.ts");
  const { askToken, endServiceSession, openServiceSession } = await import("../service-client/open-session.ts");
  const url = bareUrl(given);
  if (!/^https?:\/\/[^/]/.test(url) || !URL.canParse(url) || new URL(url).hash !== "") throw new UserVpsError("INPUT_INVALID", "Expected the service's address, such as https://vps.example.com.", { next: "A token or a link is asked for: it does not belong among the arguments, where everybody on this machine sees it." });
  const token = env["USER_VPS_TOKEN"] || (await askToken());
  progress.say(`asking ${url}`);
  const session = await openServiceSession(url, token, invocation.signal);
  let file: string;
  try {
    file = keepSession(env, session);
  } catch (error) {
    // Nobody could use or end it any more.
    await endServiceSession(session, invocation.signal).catch(() => undefined);
    throw error;
  }
  const { operator, role, expiresAt } = session;
  return { data: { url, operator, role, expiresAt, file }, text: `Logged in at ${url} as ${operator}, ${role}, until ${moment(expiresAt)} UTC. Kept in ${file}.` };
}
