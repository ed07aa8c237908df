import { UserVpsError } from "../../../providers/core/errors.ts";
import type { CliCommand } from "../command.ts";
import { completionScript, SHELLS } from "../completion-scripts.ts";

export const completion: CliCommand<object> = {
  usage: "completion <shell>",
  summary: `Print the completion script for ${SHELLS.join(", ")}`,
  examples: ["completion bash > ~/.local/share/bash-completion/completions/user-vps", "completion zsh > ~/.zfunc/_user-vps", "completion fish > ~/.config/fish/completions/user-vps.fish"],
  withoutSettings: true,
  async run({ args, program }) {
    const shell = SHELLS.find((one) => one === args[0]);
    if (!shell) throw new UserVpsError("INPUT_INVALID", `Expected one of ${SHELLS.join(", ")}, got '${args[0]}'.`);
    const script = completionScript(shell, program);
    return { data: { shell, script }, text: script };
  },
};
