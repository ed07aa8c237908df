import { Command } from "@pulumi/command/remote/command.js";
import type * as pulumi from "@pulumi/pulumi";
import { releaseFingerprint, renderReleaseScript, type Release } from "./release.ts";
import type { WayIn } from "./way-in.ts";

/**
 * Brings the release to the VM over SSH. The script goes by standard input, so that neither a
 * process list nor the message of a failure holds it. It runs again when the release changes, and
 * when the way in does (a rotated password); then it finds everything installed.
 */
export function createRelease({ connection, machine }: WayIn, release: Release, options: pulumi.CustomResourceOptions): Command {
  return new Command("release", {
    connection,
    create: "/bin/bash -s",
    stdin: renderReleaseScript(release),
    triggers: [machine, releaseFingerprint(release)],
    addPreviousOutputInEnv: false,
  }, options);
}
