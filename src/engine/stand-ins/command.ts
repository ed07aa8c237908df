/** The sandbox stand-in for `pulumi-resource-command`; the engine starts it as a process. */
import { versionOf } from "../needed-plugins.ts";
import { servePlugin } from "./plugin-server.ts";
import { REMOTE_COMMAND_TYPE, remoteCommandResource } from "./remote-command.ts";

await servePlugin(
  {
    version: versionOf("command"),
    configure: () => undefined,
    resources: { [REMOTE_COMMAND_TYPE]: remoteCommandResource },
  },
  process.argv[2],
);
