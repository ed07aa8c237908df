import type { CliCommand } from "../command.ts";

/** The same as `npm run demo`; it reads its options by itself. */
export const demo: CliCommand<object> = {
  usage: "demo",
  summary: "Two users sign up and get a VPS each, in a sandbox: nothing is real, nothing is bought",
  details: "With --stay the operators' page and all commands can be tried in it afterwards: it says how.",
  options: [
    { flags: "--stay", description: "keep everything up until Ctrl-C" },
    { flags: "--write-env <path>", description: "with --stay: where the environment for a second terminal is written (default: .sandbox/demo-env)" },
  ],
  withoutSettings: true,
  examples: ["demo", "demo --json", "demo --stay"],
  async run() {
    await import("../demo/main.ts");
    return undefined;
  },
};
