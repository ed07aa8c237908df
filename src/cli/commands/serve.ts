import { ROLES } from "../../config/roles.ts";
import type { Role } from "../../config/roles.ts";
import type { CliCommand } from "../command.ts";
import { role } from "../argument-values.ts";

/** The same as `npm start`. */
export const serve: CliCommand<{ role?: Role }> = {
  usage: "serve",
  summary: "Run the service: HTTP, a worker, or both",
  details: "Ends in good order at SIGTERM or Ctrl-C.",
  options: [{ flags: "--role <role>", description: `${ROLES.join(", ")} (default: all)`, parse: role }],
  examples: ["serve", "serve --role worker"],
  staysUp: true,
  async run({ env, options, progress }) {
    const served = options.role ?? "all";
    const { doubtsOfEnvironment, readSettings } = await import("../../config/index.ts");
    const settings = readSettings({ env, role: served });
    const [{ startService }, { startUntilSignals }] = await Promise.all([import("../../service/service.ts"), import("../../service/signals.ts")]);
    const print = (line: string) => {
      progress.say(line);
      // Nobody waits for it: no seconds are to be counted.
      progress.end();
    };
    doubtsOfEnvironment().forEach(print);
    const service = await startUntilSignals((signal) => startService({ settings, env, signal, onProgress: print }), print);
    return { data: { ready: true, role: served, url: service.url ?? null }, text: service.url ? `ready at ${service.url}` : "ready, waiting for jobs" };
  },
};
