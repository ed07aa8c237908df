import { versionOf } from "../install-pulumi/needed-plugins.ts";
import type { StandIn } from "./plugin-server.ts";
import { REMOTE_COMMAND_TYPE, remoteCommandResource } from "./remote-command.ts";

export function commandStandIn(): StandIn {
  return { version: versionOf("command"), configure: () => undefined, resources: { [REMOTE_COMMAND_TYPE]: remoteCommandResource } };
}
