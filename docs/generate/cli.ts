/** docs/cli.md: what `--help` of every command prints. */
import type { Command } from "commander";
import { buildProgram } from "../../src/cli/program.ts";
import { block, page } from "./markdown.ts";

const HELP_COLUMNS = 110;

export function cliPage(): string {
  const program = buildProgram(async () => undefined);
  return page(
    "Command line",
    "`npx user-vps COMMAND` in the checkout; what each prints with `--help`. [transcripts.md](transcripts.md) shows them at work.",
    "Every command takes `--json`: one JSON document on standard output, errors too, as `{\"error\": {\"code\", \"message\", \"next\"}}`. What is being waited for is said on standard error.",
    section(2, "user-vps", program),
    ...program.commands.flatMap((command) => sections(command, "")),
  );
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
