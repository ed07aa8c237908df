/** `user-vps`: reads the command line, runs one command, prints what it says and sets the exit code. */
import { CommanderError } from "commander";
import { UserVpsError } from "../../providers/core/errors.ts";
import { printable } from "../../providers/core/printable.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import { createRedactor } from "../provisioning/redact.ts";
import type { Environment, Role } from "../config/index.ts";
import { coloured, wantsColours } from "./colours.ts";
import type { CliCommand, CommonOptions, Invocation, Result } from "./command.ts";
import { commandOf } from "./commands/index.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import { signalOfInterrupts } from "./interrupt.ts";
import { buildProgram } from "./program.ts";
import { startProgress } from "./progress.ts";
import { errorText, errorView } from "./report-error.ts";
import { anySession } from "./service-client/session-file.ts";

const redactor = createRedactor();
const asJson = process.argv.includes("--json");
const verbose = process.argv.includes("--verbose");
let staysUp = false;
const program = buildProgram(execute);

/** The last barrier, for all that is printed: no setting that is a secret gets out, and no command to the terminal. */
const clean = (text: string) => printable(redactor.redact(text));
const paint = !asJson && wantsColours(process.stdout, process.env) ? coloured : (text: string) => text;
const print = (text: string) => void process.stdout.write(`${paint(clean(text))}\n`);
const printError = (text: string) => void process.stderr.write(`${clean(text)}\n`);

/** What is secret among them is shown no more from now on. */
async function settingsWithSecrets(role: Role | undefined): Promise<Environment> {
  const { currentFolder, KEY_SERVICE_SECRETS, loadEnvironment, useProxiesOf, VARIABLES } = await import("../config/index.ts");
  const env = loadEnvironment(process.env, currentFolder(), role);
  useProxiesOf(env);
  for (const variable of Object.values(VARIABLES)) if ("secret" in variable) redactor.add(env[variable.name]);
  redactor.add(env["USER_VPS_TOKEN"], env["SSH_PRIVATE_KEY"], ...KEY_SERVICE_SECRETS.map((name) => env[name]));
  const session = anySession(env);
  redactor.add(session?.cookie, session?.csrfToken);
  return env;
}

async function execute(command: CliCommand, args: readonly string[], options: Readonly<Record<string, unknown>>): Promise<void> {
  const env = command.withoutSettings ? process.env : await settingsWithSecrets(command.settingsOf?.(options as never));
  const progress = startProgress(process.stderr, { clean });
  let signal: AbortSignal | undefined;
  const invocation: Invocation<never> = {
    args,
    options: options as CommonOptions as never,
    env,
    progress,
    program,
    get signal() {
      return (signal ??= signalOfInterrupts((text) => progress.say(text)));
    },
    show: ({ data, text }) => print(asJson ? JSON.stringify(data) : text),
  };
  try {
    const result = await command.run(invocation);
    progress.end();
    if (result) finish(result);
    staysUp = command.staysUp === true && !process.exitCode;
  } finally {
    progress.end();
  }
}

function finish({ data, text, exitCode = EXIT.done }: Result): void {
  if (asJson && data !== undefined) print(JSON.stringify(data));
  else if (!asJson && text !== "") print(text);
  process.exitCode = exitCode;
}

function fail(error: unknown): void {
  if (asJson) print(JSON.stringify(errorView(error)));
  if (!asJson || verbose) printError(errorText(error, { verbose }));
  process.exitCode = exitCodeOf(error, commandOf(process.argv.slice(2)));
}

/** Help and version were asked for and have been printed; all else was a mistake on the command line. */
function failOfCommander(error: CommanderError): void {
  if (error.exitCode === 0) return;
  // A group without a command: commander has printed its help.
  const message = error.code === "commander.help" ? "A command is missing." : `${error.message.replace(/^error: /, "").replace(/[^.]$/, "$&.")}`;
  fail(new UserVpsError("INPUT_INVALID", message, { next: "`user-vps --help` lists the commands, `user-vps COMMAND --help` shows one with an example." }));
}

process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
  // Whoever reads may have seen enough, as `| head` does.
  if (code === "EPIPE") process.exit();
  printError(`What was to be printed could not be written: ${code ?? "unknown error"}.`);
  process.exit(EXIT.failed);
});
// What people are told may get lost, as with a terminal that is closed; what is being done may not.
process.stderr.on("error", () => undefined);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) failOfCommander(error);
  else fail(error);
}
// A connection that is about to close may hold the process open for seconds.
if (!staysUp) setTimeout(() => process.exit(), SECOND_MS).unref();
