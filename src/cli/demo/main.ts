/**
 * `npm run demo`: two users sign up at the same time and get a healthy VPS each, through the
 * service, with the real engine and a real PostgreSQL, against the embedded sandbox.
 * `--json`: the last line on standard output is one JSON object. `--stay`: everything stays up until Ctrl-C.
 */
import { parseArgs } from "node:util";
import { messageOf } from "../../../providers/core/errors.ts";
import { SECOND_MS } from "../../../providers/core/time.ts";
import { demoEnvFile, stay } from "./stay.ts";
import { openDemoWorld } from "./world.ts";
import type { DemoWorld } from "./world.ts";
import { DemoUser } from "./user.ts";
import { EXIT } from "../exit-codes.ts";
import { signalOfInterrupts } from "../interrupt.ts";
import { openPlainCli } from "../plain-cli.ts";

const USERNAMES = ["alice", "bob"] as const;
const { values: options } = parseArgs({
  strict: false,
  options: { json: { type: "boolean", default: false }, stay: { type: "boolean", default: false }, "write-env": { type: "string", default: demoEnvFile() } },
});
const startMs = Date.now();

function say(text: string): void {
  console.error(`${inSecondsSince(startMs).toFixed(1).padStart(6)} s  ${text}`);
}

function inSecondsSince(momentMs: number): number {
  return Math.round((Date.now() - momentMs) / 100) / 10;
}

async function demo(world: DemoWorld, signal: AbortSignal): Promise<void> {
  console.error(world.banner);
  const users = await Promise.all(USERNAMES.map((username) => DemoUser.open(world, username)));
  const ready = await Promise.all(users.map(async (user) => {
    await user.signUp();
    say(`${user.username}: POST /api/vps/provision accepted`);
    return user.followUntilReady((text) => say(`${user.username}: ${text}`));
  }));
  const { purchases, calls } = world.sandbox.state();
  for (const { username, url, address, vmId, seconds, resources } of ready) {
    say(`${username}: ready after ${seconds} s: ${url} at ${address}, VM ${vmId}; ${Object.entries(resources).map(([name, took]) => `${name} ${took} s`).join(", ")}`);
  }
  say(`${purchases.length} purchases, ${calls.hostinger} calls to Hostinger`);

  const [alice, bob] = users;
  const first = await alice!.askForCredentials();
  const second = await alice!.askForCredentials();
  say(`alice: credentials asked for: ${first}; asked for again: ${second}`);

  const cli = await openPlainCli(world, signal);
  const [changed, drifted] = await Promise.all([cli.up(alice!.username), cli.previewWithRefresh(bob!.username)]);
  say(`alice: a plain \`pulumi up\` on the same stack: ${changed} changes`);
  say(`bob: a plain \`pulumi preview --refresh\`: ${drifted} changes`);

  if (options.json) {
    console.log(JSON.stringify({
      users: ready, purchases: purchases.length, hostingerCalls: calls.hostinger, secondUp: { changes: changed }, drift: { changes: drifted }, credentials: { first, second }, seconds: inSecondsSince(startMs),
    }));
  }
}

// From the beginning: whatever is up by then is taken down in good order.
const ended = signalOfInterrupts(say, "everything is taken down; Ctrl-C once more does not wait for that");
const interrupted = new Promise<void>((end) => ended.addEventListener("abort", () => end(), { once: true }));
let isComplete = false;

try {
  const world = await openDemoWorld(say, { signal: ended });
  try {
    await Promise.race([demo(world, ended), interrupted]);
    isComplete = !ended.aborted;
    if (options.stay) await stay(world, { envFile: String(options["write-env"]), ended });
  } finally {
    await world.close().catch((trouble: unknown) => {
      say(messageOf(trouble));
      process.exitCode = EXIT.failed;
    });
  }
} catch (error) {
  // What an interrupt makes fail is no news.
  if (!ended.aborted) console.error(messageOf(error));
  process.exitCode = EXIT.failed;
}
if (ended.aborted && !isComplete) process.exitCode = EXIT.interrupted;
// The exit code is set; a database client of the engine's may still hold the process open for seconds.
setTimeout(() => process.exit(), SECOND_MS).unref();
