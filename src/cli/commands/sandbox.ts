import { join } from "node:path";
import type { CliCommand } from "../command.ts";
import { sandboxFolder } from "../user-stack/stack-folder.ts";

/** The same as `npm run sandbox`. */
export const sandbox: CliCommand<object> = {
  usage: "sandbox",
  summary: "Simulate Hostinger, Cloudflare, DNS and VMs on this machine until Ctrl-C",
  details: "For trying everything without an account. In a second terminal, `. .sandbox/env` points all commands at it.",
  examples: ["sandbox"],
  staysUp: true,
  async run({ options }) {
    const say = console.log;
    if (options.json) console.log = console.error;
    await import("../sandbox.ts");
    console.log = say;
    if (process.exitCode) return undefined;
    return { data: { ready: true, envFile: join(sandboxFolder(), "env") }, text: "" };
  },
};
