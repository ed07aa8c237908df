import { UserVpsError } from "../../../providers/core/errors.ts";
import { SCRIPT_LIMIT_BYTES } from "../../../providers/hostinger/api/specification.ts";
import type { CliCommand } from "../command.ts";
import { withHostinger } from "../hostinger/open-client.ts";
import { scriptView } from "../hostinger/script-view.ts";
import { fileText } from "../argument-values.ts";

/** POST /api/vps/v1/post-install-scripts */
export const scriptCreate: CliCommand<{ file?: string }> = {
  usage: "script create <name>",
  summary: "Store a post-install script in the account",
  details: "The content comes from a file or standard input, never from an argument, which others on the machine could read.",
  options: [{ flags: "--file <file>", description: "the script; - is standard input (default: -)" }],
  examples: ["script create test-script --file hello.sh", "script create test-script < hello.sh"],
  async run(invocation) {
    const [name = ""] = invocation.args;
    const content = await fileText(invocation.options.file ?? "-");
    if (content === "") throw new UserVpsError("INPUT_INVALID", "The script is empty.");
    if (Buffer.byteLength(content) > SCRIPT_LIMIT_BYTES) throw new UserVpsError("SCRIPT_TOO_LARGE", `Expected at most ${SCRIPT_LIMIT_BYTES} bytes, got ${Buffer.byteLength(content)}.`);
    invocation.progress.say(`storing the script '${name}'`);
    const script = await withHostinger(invocation, ({ client, signal }) => client.scripts.create({ name, content }, { signal }));
    return { data: scriptView({ ...script, content }), text: `Script ${script.id} '${script.name}' is stored.` };
  },
};
