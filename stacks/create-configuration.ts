import * as pulumi from "@pulumi/pulumi";
import type { Credentials } from "../providers/credentials/credentials.ts";
import { RemoteScript } from "../providers/ssh/remote-script.ts";
import type { AcmeSettings } from "./acme.ts";
import { renderConfigureScript } from "./configure.ts";
import type { WayIn } from "./way-in.ts";

export interface Configured {
  readonly hostname: string;
  readonly bootHostname: string;
  /** The platform's id of the user who owns the VPS. */
  readonly ownerId: string;
  readonly acme: AcmeSettings;
  readonly credentials: Credentials;
  /** The VM was installed with them. */
  readonly isInstalledWithThese: boolean;
}

/**
 * Brings the declared credentials, owner and host name to a VM that was not installed with them, over
 * SSH: after a rotation or a rename, and to one that was taken over. It runs again whenever one of
 * them changes, and after a wipe. The script holds secrets: it is kept encrypted
 * in the state, goes by standard input, and says nothing of what it was given.
 */
export function createConfiguration({ connection, machine }: WayIn, { hostname, bootHostname, ownerId, acme, credentials, isInstalledWithThese }: Configured, options: pulumi.CustomResourceOptions): RemoteScript {
  const { password, jwtSecret } = credentials;
  const script = pulumi.all([password, jwtSecret]).apply(([sshPassword, secret]) => renderConfigureScript({ hostname, bootHostname, ownerId, acme, sshPassword, jwtSecret: secret, isInstalledWithThese }));
  return new RemoteScript("configuration", { task: "configuration", connection, script, machine, secrets: [password, jwtSecret] }, options);
}
