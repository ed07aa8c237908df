/** `npm start`: the service, with `--role http|worker` for one half of it. */
import { parseArgs } from "node:util";
import { doubtsOfEnvironment, loadEnvironment, readSettings, ROLES, useProxiesOf } from "../config/index.ts";
import type { Role } from "../config/index.ts";
import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { printable } from "../../providers/core/printable.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import { startService } from "./service.ts";
import { startUntilSignals } from "./signals.ts";

/** What a VPS wrote may be in it. */
const print = (line: string) => console.error(`${new Date().toISOString()} ${printable(line)}`);
// Whoever reads it may go, as with a terminal that is closed; the service does not.
process.stderr.on("error", () => undefined);

try {
  const { values } = parseArgs({ options: { role: { type: "string", default: "all" } } });
  const role = roleOf(values.role);
  const env = loadEnvironment();
  useProxiesOf(env);
  for (const doubt of doubtsOfEnvironment()) print(doubt);
  const settings = readSettings({ env, role });
  const service = await startUntilSignals((signal) => startService({ settings, env, signal, onProgress: print }), print);
  print(service.url ? `ready at ${service.url}` : "ready, waiting for jobs");
} catch (error) {
  console.error(printable(messageOf(error)));
  process.exitCode = 1;
  // Whatever is left of what had started, the process ends: whoever watches over it starts it again.
  setTimeout(() => process.exit(), SECOND_MS).unref();
}

function roleOf(text: string): Role {
  const role = ROLES.find((one) => one === text);
  if (!role) throw new UserVpsError("CONFIG_INVALID", `--role is one of ${ROLES.join(", ")}, got '${text}'.`);
  return role;
}
