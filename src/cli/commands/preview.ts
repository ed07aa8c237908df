import type { CliCommand } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { SET_OPTION, withUserStack } from "../user-stack/user-stack.ts";

interface Options {
  readonly set?: readonly string[];
  readonly expectNoChanges?: true;
}

interface PulumiPreview {
  readonly steps?: readonly { readonly op: string; readonly urn: string }[];
  readonly changeSummary?: Readonly<Record<string, number>>;
}

/** `pulumi preview --refresh` on the user's stack. */
export const preview: CliCommand<Options> = {
  usage: "preview <username>",
  summary: "Is a user's VPS as declared? Changes nothing",
  details: "Asks Hostinger and Cloudflare how things are and shows what `up` would change.",
  options: [SET_OPTION, { flags: "--expect-no-changes", description: "exit code 1 if there is any change" }],
  examples: ["preview alice", "preview alice --expect-no-changes --json"],
  async run(invocation) {
    const { set = [], expectNoChanges, json } = invocation.options;
    return withUserStack(invocation, { set, instead: (username) => `\`user-vps drift ${username}\` has the service look.` }, async (stack) => {
      if (!json) {
        await stack.inFront(["preview", "--refresh", ...(expectNoChanges ? ["--expect-no-changes"] : [])]);
        return { data: undefined, text: "" };
      }
      invocation.progress.say(`${stack.username}: asking how things are`);
      const { steps = [], changeSummary = {} } = JSON.parse(await stack.runQuietly("preview", "--refresh", "--json")) as PulumiPreview;
      const resources = steps.filter(({ op }) => op !== "same" && op !== "refresh").map(({ op, urn }) => ({ operation: op, type: urn.split("::")[2], name: urn.split("::").at(-1) }));
      return {
        data: { username: stack.username, changes: changeSummary, resources }, text: "",
        ...(expectNoChanges && Object.keys(changeSummary).some((operation) => operation !== "same") && { exitCode: EXIT.failed }),
      };
    });
  },
};
