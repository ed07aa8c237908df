/** Completion for shells, made from the commands themselves: nothing has to be kept in step by hand. */
import type { Command } from "commander";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** What may follow the words of a command. */
interface Place {
  /** `vm create`; empty at the beginning. */
  readonly path: string;
  readonly commands: readonly Offer[];
  readonly options: readonly Offer[];
}

interface Offer {
  readonly name: string;
  readonly summary: string;
}

export function completionScript(shell: Shell, program: Command): string {
  const places = placesOf(program);
  return { bash, zsh, fish }[shell](places);
}

function placesOf(program: Command): Place[] {
  const common = optionsOf(program).filter(({ name }) => name !== "--version");
  const visit = (command: Command, path: string): Place[] => [
    {
      path,
      commands: command.commands.map((one) => ({ name: one.name(), summary: one.summary() || one.description() })),
      options: [...(command === program ? [] : optionsOf(command)), ...common, { name: "--help", summary: "display help for command" }],
    },
    ...command.commands.flatMap((one) => visit(one, `${path} ${one.name()}`.trim())),
  ];
  return visit(program, "");
}

function optionsOf(command: Command): Offer[] {
  return command.options.map(({ long, description }) => ({ name: long!, summary: description }));
}

/** The words so far that are commands make the path; `$path` and `$words` are what follows it. */
function findPath(places: readonly Place[], words: string): string[] {
  const paths = places.map(({ path }) => path).filter(Boolean).map((path) => `"${path}"`).join("|");
  return [
    `  local path="" word next`,
    `  for word in ${words}; do`,
    `    next="\${path:+$path }$word"`,
    `    case "$next" in`,
    `      ${paths}) path="$next" ;;`,
    `    esac`,
    `  done`,
  ];
}

function bash(places: readonly Place[]): string {
  return [
    "# user-vps completion for bash; to use it:  source <(user-vps completion bash)",
    "_user_vps() {",
    ...findPath(places, `"\${COMP_WORDS[@]:1:COMP_CWORD-1}"`),
    `  local words=""`,
    `  case "$path" in`,
    ...places.map(({ path, commands, options }) => `    "${path}") words="${[...commands, ...options].map(({ name }) => name).join(" ")}" ;;`),
    `  esac`,
    `  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))`,
    "}",
    "complete -o default -F _user_vps user-vps",
  ].join("\n");
}

function zsh(places: readonly Place[]): string {
  const offers = (list: readonly Offer[]) => list.map(({ name, summary }) => quoted(`${name}:${summary}`)).join(" ");
  return [
    "#compdef user-vps",
    "# user-vps completion for zsh; to use it:  source <(user-vps completion zsh)",
    "_user_vps() {",
    ...findPath(places, `"\${words[@]:1:$((CURRENT-2))}"`),
    "  local -a offers",
    `  case "$path" in`,
    ...places.map(({ path, commands, options }) => `    "${path}") offers=(${offers([...commands, ...options])}) ;;`),
    "  esac",
    "  _describe 'user-vps' offers || _files",
    "}",
    "compdef _user_vps user-vps",
  ].join("\n");
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, commands, options }) => {
    const words = path.split(" ").filter(Boolean);
    const seen = words.map((word) => `__fish_seen_subcommand_from ${word}`);
    const notYet = commands.length > 0 ? [`not __fish_seen_subcommand_from ${commands.map(({ name }) => name).join(" ")}`] : [];
    const condition = quoted([...seen, ...notYet].join("; and "));
    return [
      ...commands.map(({ name, summary }) => `complete -c user-vps -f -n ${condition} -a ${name} -d ${quoted(summary)}`),
      ...options.map(({ name, summary }) => `complete -c user-vps -n ${condition} -l ${name.slice(2)} -d ${quoted(summary)}`),
    ];
  });
  return ["# user-vps completion for fish; to use it:  user-vps completion fish | source", ...lines].join("\n");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
