/** docs/cli.md: what `--help` of every command prints, without what it says of all of them. */
import type { Command } from "commander";
import { buildProgram } from "../../src/cli/program.ts";
import { block, page, table } from "./markdown.ts";

const HELP_COLUMNS = 110;

export function cliPage(): string {
  const program = buildProgram(async () => undefined);
  const overview = section(2, "user-vps", program);
  for (const command of program.commands) tellOnlyItsOwn(command);
  return page(
    "Command line",
    "`npx user-vps COMMAND` in the checkout, `user-vps COMMAND` where it is installed. [transcripts.md](transcripts.md) shows the commands at work.",
    "## What every command takes",
    table(["option", "what it does"], [
      ["`--json`", "one JSON document on standard output, errors too, as `{\"error\": {\"code\", \"message\", \"next\"}}`. What is being waited for is said on standard error"],
      ["`--verbose`", "stack traces of errors"],
      ["`-h`, `--help`", "the command's help: what stands below, and these options"],
    ]),
    overview,
    ...program.commands.flatMap((command) => sections(command, "")),
  );
}

/** Options that every command has are told once, at the top. */
function tellOnlyItsOwn(command: Command): void {
  command.configureHelp({ ...command.configureHelp(), showGlobalOptions: false }).helpOption(false).helpCommand(false);
  for (const one of command.commands) tellOnlyItsOwn(one);
}

function sections(command: Command, group: string): string[] {
  const path = `${group}${command.name()}`;
  return [section(2, path, command), ...command.commands.flatMap((one) => sections(one, `${path} `))];
}

function section(level: number, title: string, command: Command): string {
  return `${"#".repeat(level)} ${title}\n\n${block(helpOf(command))}`;
}

/** With what is added after it, which `helpInformation()` leaves out. */
function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => { text += part; }, getOutHelpWidth: () => HELP_COLUMNS, getOutHasColors: () => false });
  command.outputHelp();
  return text.trim().split("\n").map((line) => line.trimEnd()).join("\n");
}
