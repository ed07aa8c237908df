import type * as pulumi from "@pulumi/pulumi";
import type { Credentials } from "../providers/credentials/credentials.ts";
import { RemoteScript } from "../providers/ssh/remote-script.ts";
import { releaseFingerprint, renderReleaseScript, type Release } from "./release.ts";
import type { WayIn } from "./way-in.ts";

/**
 * Brings the release to the VM over SSH. The script goes by standard input, so that neither a
 * process list nor the message of a failure holds it. It runs again when the release changes, and
 * when the way in does (a rotated password); then it finds everything installed.
 */
export function createRelease({ connection, machine }: WayIn, release: Release, { password, jwtSecret }: Credentials, options: pulumi.CustomResourceOptions): RemoteScript {
  return new RemoteScript("release", { task: "release", connection, script: renderReleaseScript(release), machine, fingerprint: releaseFingerprint(release), secrets: [password, jwtSecret] }, options);
}
