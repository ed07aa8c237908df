import { Command } from "@pulumi/command/remote/command.js";
import * as pulumi from "@pulumi/pulumi";
import type { Credentials } from "../providers/credentials/credentials.ts";
import type { AcmeSettings } from "./acme.ts";
import { renderConfigureScript } from "./configure.ts";
import type { WayIn } from "./way-in.ts";

export interface Configured {
  readonly hostname: string;
  readonly bootHostname: string;
  readonly acme: AcmeSettings;
  readonly credentials: Credentials;
}

/**
 * Brings rotated credentials and another host name to a VM that is already there, over SSH. It runs
 * again whenever one of them changes, and after a wipe. The script holds secrets: it is kept encrypted
 * in the state, goes by standard input, and says nothing of what it was given.
 */
export function createConfiguration({ connection, machine }: WayIn, { hostname, bootHostname, acme, credentials }: Configured, options: pulumi.CustomResourceOptions): Command {
  const script = pulumi.all([credentials.password, credentials.jwtSecret])
    .apply(([sshPassword, jwtSecret]) => renderConfigureScript({ hostname, bootHostname, acme, sshPassword, jwtSecret }));
  return new Command("configuration", {
    connection,
    create: "/bin/bash -s",
    stdin: pulumi.secret(script),
    triggers: [machine],
    addPreviousOutputInEnv: false,
  }, options);
}
