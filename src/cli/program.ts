/** All commands as commander knows them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import type { CliCommand } from "./command.ts";
import { COMMANDS, GROUPS } from "./commands/index.ts";
import { answersHelp, EXIT_CODES_HELP } from "./exit-codes.ts";

export type Execute = (command: CliCommand, args: readonly string[], options: Readonly<Record<string, unknown>>) => Promise<void>;

export function buildProgram(execute: Execute): Command {
  const program = new Command("user-vps")
    .description("One Hostinger VPS for every user, as one Pulumi stack each.")
    .version((JSON.parse(readFileSync(join(import.meta.dirname, "..", "..", "package.json"), "utf8")) as { version: string }).version)
    .option("--json", "one JSON document on standard output, errors too")
    .option("--verbose", "stack traces of errors")
    .configureHelp({ showGlobalOptions: true })
    // What is wrong is said by whoever catches the error, in JSON too.
    .configureOutput({ outputError: () => undefined })
    .exitOverride()
    .addHelpText("after", `\nSettings come from the environment and the file .env.\n\n${EXIT_CODES_HELP}\n\nExample:\n  $ user-vps doctor`);
  for (const command of COMMANDS) add(program, command, execute);
  return program;
}

function add(program: Command, command: CliCommand, execute: Execute): void {
  const words = command.usage.split(" ");
  const group = words[0]! in GROUPS ? groupOf(program, words.shift()!) : program;
  const added = group.command(words.join(" ")).summary(command.summary).description([command.summary, command.details].filter(Boolean).join("\n\n"));
  for (const { flags, description, parse } of command.options ?? []) {
    const option = new Option(flags, description);
    if (parse) option.argParser(parse);
    added.addOption(option);
  }
  added.addHelpText("after", `\n${command.examples.length > 1 ? "Examples" : "Example"}:\n${command.examples.map((example) => `  $ user-vps ${example}`).join("\n")}`);
  if (command.answers) added.addHelpText("after", `\n${answersHelp(command.answers)}`);
  added.action(async () => execute(command, added.args, added.optsWithGlobals()));
}

function groupOf(program: Command, name: string): Command {
  const existing = program.commands.find((one) => one.name() === name);
  if (existing) return existing;
  const { summary, example } = GROUPS[name]!;
  return program.command(name).description(summary).addHelpText("after", `\nExample:\n  $ user-vps ${example}`);
}
