import { driftFromEvents, exitCodeOf } from "../../drift/stack-drift.ts";
import type { StackDrift } from "../../drift/stack-drift.ts";
import type { CliCommand, Invocation } from "../command.ts";
import { driftText } from "../user-stack/drift-view.ts";
import { answer, withService } from "../service-client/api.ts";
import { ofUser } from "../service-client/paths.ts";
import { isLeftToService } from "../user-stack/at-hand.ts";
import { withUserStack } from "../user-stack/user-stack.ts";

/** A preview with refresh of the user's stack, property by property; with --service GET /api/admin/vps/{username}/drift. */
export const drift: CliCommand<{ service?: true }> = {
  usage: "drift <username>",
  summary: "How does a user's VPS differ from what is declared? Changes nothing",
  details: "Asks Hostinger and Cloudflare how things are, by the plain Pulumi CLI and with the settings of the last deployment; no service has to run. Where the stacks' passphrase is not set and the service is known (USER_VPS_URL, or `login`), a worker of the service looks. Tells of each property what is declared, what is there and what `up` would do.",
  options: [{ flags: "--service", description: "ask the service in any case, which declares by its own settings" }],
  examples: ["drift alice", "drift alice --json", "drift alice --service"],
  answers: { 0: "as declared", 2: "something differs, or `up` would be refused" },
  async run(invocation) {
    const { env, options } = invocation;
    const found = options.service || isLeftToService(env) ? await askService(invocation) : await look(invocation);
    return { data: found, text: driftText(found), exitCode: exitCodeOf(found) };
  },
};

function askService(invocation: Invocation): Promise<StackDrift> {
  const path = ofUser(invocation.args[0]!);
  invocation.progress.say("asking the service, which has a worker look");
  return withService(invocation, (service) => answer(service.GET("/api/admin/vps/{username}/drift", { params: { path } })));
}

function look(invocation: Invocation): Promise<StackDrift> {
  return withUserStack(invocation, {}, async (stack) => {
    invocation.progress.say(`${stack.username}: asking Hostinger and Cloudflare how things are`);
    const { events, refusal } = await stack.preview(invocation.signal);
    return driftFromEvents(stack.username, events, refusal?.message);
  });
}
