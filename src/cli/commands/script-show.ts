import { writeFile } from "node:fs/promises";
import { messageOf, UserVpsError } from "../../../providers/core/errors.ts";
import type { CliCommand } from "../command.ts";
import { withHostinger } from "../hostinger/open-client.ts";
import { fields, moment } from "../output.ts";
import { scriptView } from "../hostinger/script-view.ts";
import { id } from "../argument-values.ts";

/** GET /api/vps/v1/post-install-scripts/{id} */
export const scriptShow: CliCommand<{ save?: string }> = {
  usage: "script show <script-id>",
  summary: "One post-install script",
  details: "A user's script holds the user's credentials, so the content is not printed; --save writes it to a new file that only you can read.",
  options: [{ flags: "--save <file>", description: "write the content to this new file" }],
  examples: ["script show 12345", "script show 12345 --save script.sh"],
  async run(invocation) {
    const scriptId = id(invocation.args[0]!);
    const { save } = invocation.options;
    invocation.progress.say(`asking Hostinger for script ${scriptId}`);
    const script = await withHostinger(invocation, ({ client, signal }) => client.scripts.get(scriptId, { signal }));
    if (save !== undefined) await saveContent(save, script.content);
    const { name, bytes, sha256, createdAt, updatedAt } = scriptView(script);
    const savedTo = save ?? null;
    return {
      data: { ...scriptView(script), savedTo },
      text: fields({ id: scriptId, name, bytes, sha256, "created (UTC)": moment(createdAt), "updated (UTC)": moment(updatedAt), "saved to": savedTo }),
    };
  },
};

async function saveContent(file: string, content: string | null | undefined): Promise<void> {
  if (typeof content !== "string") throw new UserVpsError("API_ANSWER_UNEXPECTED", "Hostinger's answer holds no content.");
  await writeFile(file, content, { mode: 0o600, flag: "wx" }).catch((error: unknown) => {
    throw new UserVpsError("INPUT_INVALID", `${file} cannot be written: ${messageOf(error)}.`, { next: "Name a file that does not exist yet." });
  });
}
