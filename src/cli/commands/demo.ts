import type { CliCommand } from "../command.ts";

/** The same as `npm run demo`; it reads --json by itself. */
export const demo: CliCommand<object> = {
  usage: "demo",
  summary: "Two users sign up and get a VPS each, in a sandbox: nothing is real, nothing is bought",
  examples: ["demo", "demo --json"],
  async run() {
    await import("../demo.ts");
    return undefined;
  },
};
