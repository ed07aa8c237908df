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
  /** Of its arguments, those that are names which the service knows. */
  readonly names: readonly NamedArgument[];
}

/** What `user-vps __complete` lists: src/cli/names.ts. */
type NameKind = "users" | "releases";

interface NamedArgument {
  /** From 0. */
  readonly place: number;
  readonly kind: NameKind;
}

interface Offer {
  readonly name: string;
  readonly summary: string;
  /** Of an option that takes a value. */
  readonly value?: string;
}

const KIND_OF_ARGUMENT: Readonly<Record<string, NameKind>> = { username: "users", version: "releases" };
const KIND_OF_OPTION: Readonly<Record<string, NameKind>> = { "--user": "users", "--release": "releases" };
/** Its argument is a name that nobody has yet. */
const MAKES_NEW = new Set(["release create"]);

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
      names: MAKES_NEW.has(path) ? [] : command.registeredArguments.flatMap((argument, place) => (KIND_OF_ARGUMENT[argument.name()] ? [{ place, kind: KIND_OF_ARGUMENT[argument.name()]! }] : [])),
      options: [...(command === program ? [] : optionsOf(command)), ...common, { name: "--help", summary: "display help for command" }],
    },
    ...command.commands.flatMap((one) => visit(one, `${path} ${one.name()}`.trim())),
  ];
  return visit(program, "");
}

function optionsOf(command: Command): Offer[] {
  return command.options.map(({ long, description, flags }) => ({ name: long!, summary: description, ...(/<.*>/.test(flags) && { value: flags }) }));
}

/**
 * The words so far that are commands make `$command` (zsh's own `$path` is where it looks for programs);
 * `$place` is how many arguments follow it, and `$kind` the kind of names that the next word is one of.
 */
function findPath(places: readonly Place[], words: string): string[] {
  const paths = places.map(({ path }) => path).filter(Boolean).map((path) => `"${path}"`).join("|");
  const valued = [...new Set(places.flatMap(({ options }) => options.filter(({ value }) => value !== undefined).map(({ name }) => name)))];
  return [
    `  local command="" word next before="" kind=""`,
    `  local -i place=0`,
    `  for word in ${words}; do`,
    `    next="\${command:+$command }$word"`,
    `    case "$next" in`,
    `      ${paths}) command="$next"; place=0 ;;`,
    `      *) case "$word" in -*) ;; *) case "$before" in ${valued.join("|")}) ;; *) place+=1 ;; esac ;; esac ;;`,
    `    esac`,
    `    before="$word"`,
    `  done`,
    `  case "$before" in`,
    ...Object.entries(KIND_OF_OPTION).map(([option, kind]) => `    ${option}) kind=${kind} ;;`),
    `    ${valued.join("|")}) ;;`,
    `    *) case "$command:$place" in`,
    ...places.flatMap(({ path, names }) => names.map(({ place, kind }) => `      "${path}:${place}") kind=${kind} ;;`)),
    `    esac ;;`,
    `  esac`,
  ];
}

function bash(places: readonly Place[]): string {
  return [
    "# user-vps completion for bash; to use it:  source <(user-vps completion bash)",
    "_user_vps() {",
    ...findPath(places, `"\${COMP_WORDS[@]:1:COMP_CWORD-1}"`),
    `  local words=""`,
    `  case "$command" in`,
    ...places.map(({ path, commands, options }) => `    "${path}") words="${[...commands, ...options].map(({ name }) => name).join(" ")}" ;;`),
    `  esac`,
    `  local current="\${COMP_WORDS[COMP_CWORD]}"`,
    `  case "$kind:$current" in`,
    `    :*|*:-*) ;;`,
    `    *) words="$("\${COMP_WORDS[0]}" __complete "$kind" "$current" 2>/dev/null)" ;;`,
    `  esac`,
    `  COMPREPLY=($(compgen -W "$words" -- "$current"))`,
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
    `  case "$command" in`,
    ...places.map(({ path, commands, options }) => `    "${path}") offers=(${offers([...commands, ...options])}) ;;`),
    "  esac",
    `  if [[ -n "$kind" && "\${words[CURRENT]}" != -* ]]; then`,
    `    local -a names`,
    `    names=(\${(f)"$("\${words[1]}" __complete "$kind" "\${words[CURRENT]}" 2>/dev/null)"})`,
    "    compadd -a names && return",
    "  fi",
    "  _describe 'user-vps' offers || _files",
    "}",
    "compdef _user_vps user-vps",
  ].join("\n");
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, commands, options, names }) => {
    const words = path.split(" ").filter(Boolean);
    const seen = words.map((word) => `__fish_seen_subcommand_from ${word}`);
    const notYet = commands.length > 0 ? [`not __fish_seen_subcommand_from ${commands.map(({ name }) => name).join(" ")}`] : [];
    const condition = quoted([...seen, ...notYet].join("; and "));
    const listed = (kind: NameKind) => quoted(`(user-vps __complete ${kind} (commandline -ct) 2>/dev/null)`);
    return [
      ...names.map(({ kind }) => `complete -c user-vps -f -n ${condition} -a ${listed(kind)}`),
      ...commands.map(({ name, summary }) => `complete -c user-vps -f -n ${condition} -a ${name} -d ${quoted(summary)}`),
      ...options.map(({ name, summary, value }) => `complete -c user-vps -n ${condition} -l ${name.slice(2)}${value === undefined ? "" : KIND_OF_OPTION[name] ? ` -x -a ${listed(KIND_OF_OPTION[name])}` : " -r"} -d ${quoted(summary)}`),
    ];
  });
  return ["# user-vps completion for fish; to use it:  user-vps completion fish | source", ...lines].join("\n");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
