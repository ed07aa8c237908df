/** Starts engines while this process has no descriptor left, the service's and the command line's, and tells how that ends. */
import { setImmediate as nextRound } from "node:timers/promises";
import { runUntil } from "../../src/cli/user-stack/pulumi-run.ts";
import { createPulumiCommand } from "../../src/provisioning/pulumi-command.ts";
import { takeDescriptors } from "./no-descriptors.ts";

const { giveBack } = takeDescriptors();
const tags = { run: "no-descriptors", stack: "x/alice", worker: "w" };
const ways = [
  () => createPulumiCommand({ binDir: "/nowhere", version: "3.270.0", env: {}, tags }).run(["up"], "/", {}),
  () => runUntil(["up"], { cwd: "/", env: {} }, new AbortController().signal),
];
const ends: unknown[] = [];
for (const way of ways) {
  ends.push(await way().then(() => "ended well", ({ name, code, message, next }: Error & { code?: string; next?: string }) => ({ name, code, message, next })));
  // What nobody listens to would end this process here.
  await nextRound();
}
giveBack();
process.stdout.write(JSON.stringify(ends));
