/** Brings the plain Pulumi CLI and one user's stack together; see user-stack.ts. */
import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { meantBy } from "../../../providers/core/misspelt.ts";
import { STACK_SETTINGS } from "../../../stacks/stack-settings.ts";
import { parseUsername } from "../../../stacks/username.ts";
import type { Environment } from "../../config/index.ts";
import { engineBackend } from "../../install-pulumi/engine-backend.ts";
import { engineEnvironment } from "../../install-pulumi/engine-environment.ts";
import { ensureEngine, preparePulumiHome } from "../../install-pulumi/ensure-engine.ts";
import { TAG_VARIABLES } from "../../provisioning/process-tags.ts";
import { isServices, statePlace, type StatePlace } from "../../provisioning/state-place.ts";
import { startWatchdog } from "../../provisioning/start-watchdog.ts";
import { engineVariables } from "../../service/engine-variables.ts";
import type { Invocation } from "../command.ts";
import { namesService } from "../service-client/session-file.ts";
import { stacksAreAtHand } from "./at-hand.ts";
import { eventLog } from "./event-log.ts";
import { findStack } from "./find-stack.ts";
import { openOwnSlot } from "./own-slot.ts";
import type { OwnSlot } from "./own-slot.ts";
import { runInFront, runQuietly } from "./pulumi-run.ts";
import { previewWithEvents } from "./preview-events.ts";
import type { PreviewOutcome } from "./preview-events.ts";
import { CHECKOUT, makeStackFolder } from "./stack-folder.ts";
import { refuseUserOfService } from "./user-of-service.ts";

export interface UserStack {
  readonly username: string;
  /** Whether it was there before. */
  readonly existed: boolean;
  /** `pulumi ARGS --stack USERNAME`, out of sight and without program and providers; answers what it printed. */
  quietly(...args: string[]): Promise<string>;
  /** A run, out of sight; answers what it printed. */
  runQuietly(...args: string[]): Promise<string>;
  /** A run in front of the person; answers what the engine tells of it. */
  inFront(args: readonly string[], more?: Readonly<Record<string, string>>): Promise<readonly EngineEvent[]>;
  /** A preview with refresh, out of sight. */
  preview(signal: AbortSignal): Promise<PreviewOutcome>;
  /** The text of the file with the settings of the last deployment; secrets in it are encrypted. */
  settingsFile(): Promise<string>;
}

export interface UserStackOptions {
  /** A stack that is not there is made. */
  readonly create?: boolean;
  /** false: it is only looked into, so neither program nor providers are needed. */
  readonly runs?: boolean;
  /** `NAME=VALUE`, over the settings of the last deployment. */
  readonly set?: readonly string[];
  /** What to do where only the service is known: it has the stacks. */
  readonly instead?: (username: string) => string;
}

export async function openUserStack<T>(invocation: Invocation, { create = false, runs = true, set = [], instead }: UserStackOptions, work: (stack: UserStack) => Promise<T>): Promise<T> {
  const { env, progress, options } = invocation;
  const username = parseUsername(invocation.args[0]!);
  refuseWithoutSecrets(env, instead?.(username));
  set.forEach(refuseSetting);
  const folder = await mkdtemp(join(tmpdir(), "user-vps-cli-"));
  const runId = randomUUID();
  // However this process ends, nothing of it stays: neither the folder nor an engine that nobody watches.
  const watchdog = startWatchdog(runId, folder, { endsSilent: false, say: (line) => progress.say(line) });
  const backend = await stateBackend(env);
  let slot: OwnSlot | undefined;
  try {
    const engine = await ensureEngine({ env: { ...env }, onProgress: (line) => progress.say(line) });
    const forEngine = engineVariables(env);
    if (runs) slot = openOwnSlot({ ...forEngine }, engine, runId);
    const home = join(folder, "pulumi-home");
    await preparePulumiHome(home, engine);
    const cwd = join(folder, "checkout");
    await makeStackFolder(cwd);
    const bare = { cwd, env: { ...engineEnvironment(engine, { ...forEngine }), PULUMI_HOME: home, ...engineBackend(backend.url, { env: forEngine }), [TAG_VARIABLES.worker]: runId } };

    progress.say(`${username}: looking for the stack`);
    const found = await findStack(username, bare);
    if (found === "absent" && !create) throw new UserVpsError("INPUT_INVALID", `There is no stack '${username}' in the state backend (${backend.namedBy}).`, { next: `Check the name; \`user-vps up ${username}\` would make it.` });
    const unread = (await settingsInCheckout(username)).filter((name) => !set.some((setting) => setting.startsWith(`${name}=`)));
    if (found !== "deployed" && create) {
      if (unread.length > 0) throw unreadSettings(username, unread);
      await refuseUserOfService(env, backend, username);
    }
    if (found === "absent") await runQuietly(["stack", "init", username, "--no-select", ...(env["SECRETS_PROVIDER"] ? ["--secrets-provider", env["SECRETS_PROVIDER"]] : [])], bare);
    if (unread.length > 0) progress.say(`Pulumi.${username}.yaml in the checkout is not read: the settings are those of ${found === "deployed" ? "the last deployment" : "the environment"}; --set changes them`);
    progress.end();

    const ofStack = ["--stack", username];
    // Pulumi writes them beside those of the last deployment.
    const settings = [...(found === "deployed" ? [] : [`username=${username}`]), ...set].flatMap((setting) => ["--config", setting]);
    const attached: OwnSlot["attached"] = (...run) => slot!.attached(...run);
    return await work({
      username,
      existed: found !== "absent",
      quietly: (...args) => runQuietly([...args, ...ofStack], bare),
      runQuietly: (...args) => attached(args[0]!, bare, {}, (more, run) => runQuietly([...args, ...more, ...settings, ...ofStack], run)),
      async inFront(args, more = {}) {
        const log = eventLog(join(folder, `${args[0]}.jsonl`));
        await attached(args[0]!, bare, { ...more, ...log.env }, (forSlot, run) => runInFront([...args, ...log.args, ...forSlot, ...settings, ...ofStack], run, { quiet: options.json ?? false }));
        return await log.read();
      },
      preview: (signal) => attached("preview", bare, {}, (more, run) => previewWithEvents({ stackName: username, isOfService: isServices(backend) }, [...more, ...settings, ...ofStack], run, eventLog(join(folder, "events.jsonl")), signal)),
      settingsFile: () => readFile(join(cwd, `Pulumi.${username}.yaml`), "utf8").catch(() => ""),
    });
  } finally {
    await slot?.close();
    watchdog.stop();
    await backend.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function stateBackend(env: Environment): Promise<StatePlace> {
  const place = await statePlace(env);
  if (!place) throw new UserVpsError("CONFIG_INVALID", "It is not known where the stacks' state is.", { next: "Set DATABASE_URL as the service has it, or PULUMI_BACKEND_URL; `user-vps sandbox` gives you both a world and a state to try with." });
  return place;
}

function refuseWithoutSecrets(env: Environment, instead: string | undefined): void {
  if (stacksAreAtHand(env)) return;
  if (instead !== undefined && namesService(env)) throw new UserVpsError("CONFIG_INVALID", "Here the service is known, and not the stacks themselves: that needs their passphrase and where their state is.", { next: instead });
  throw new UserVpsError("CONFIG_INVALID", "Nothing is set that the stacks' secrets are encrypted with.", { next: "Set PULUMI_CONFIG_PASSPHRASE, PULUMI_CONFIG_PASSPHRASE_FILE or SECRETS_PROVIDER as the service has it." });
}

function refuseSetting(text: string): void {
  const [, name] = /^([A-Za-z][A-Za-z0-9]*)=/.exec(text) ?? [];
  if (name === undefined) throw new UserVpsError("INPUT_INVALID", `Expected --set NAME=VALUE, got '${text.split("=")[0]}'.`);
  // The run would be refused for it, and each one after: it would be among the settings of the last deployment, where no --set takes it away.
  const meant = meantBy(name, STACK_SETTINGS.map((setting) => setting.name));
  if (meant !== undefined) throw new UserVpsError("INPUT_INVALID", `${name} is no setting; is ${meant} meant?`);
  // Arguments are seen by everybody on the machine, and kept by the shell.
  const secret = STACK_SETTINGS.find((setting) => setting.secret && setting.name === name);
  if (secret) throw new UserVpsError("INPUT_INVALID", `${name} is a secret, and --set would show it to everybody on this machine.`, { next: `Set ${secret.env ?? name} in the environment or in .env instead, or \`pulumi config set --secret ${name}\`, which asks for it. Take the value that was typed here for known, and replace it.` });
}

/** The names of what the file of the plain Pulumi CLI says of the stack, besides whose it is. */
async function settingsInCheckout(username: string): Promise<string[]> {
  const text = await readFile(join(CHECKOUT, `Pulumi.${username}.yaml`), "utf8").catch(() => "");
  return [...text.matchAll(/^ +user-vps:(\w+):/gm)].map(([, name]) => name!).filter((name) => name !== "username");
}

/** Somebody has declared the new VPS there, in a plan, a place or around a VM of its own: one that is bought by other settings cannot be given back. */
function unreadSettings(username: string, names: readonly string[]): UserVpsError {
  return new UserVpsError("INPUT_INVALID", `Pulumi.${username}.yaml in the checkout declares ${names.join(", ")} for ${username}, who has no VPS yet, and is not read here: a new stack takes its settings from the environment. Nothing was done.`, {
    next: `Make it by the file with \`pulumi up --stack ${username}\` in the checkout, after which \`user-vps up\` keeps its settings; or name each of them by --set, or remove the file.`,
  });
}
