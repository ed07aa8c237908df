/** The sandbox stand-in for `pulumi-resource-command`; the engine starts it as a process. */
import { commandStandIn } from "./command-stand-in.ts";
import { servePlugin } from "./plugin-server.ts";

await servePlugin(commandStandIn(), process.argv[2]);
