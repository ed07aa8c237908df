/** What a document tells to type is taken by the command line: it gets as far as its first question to the service. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { CommanderError } from "commander";
import { describe, it } from "vitest";
import { messageOf, UserVpsError } from "../../../providers/core/errors.ts";
import type { CliCommand, Invocation } from "../../../src/cli/command.ts";
import { buildProgram } from "../../../src/cli/program.ts";
import { commandLinesIn } from "../../support/command-lines.ts";
import { DOCUMENTS } from "../../support/documents.ts";

const CHECKOUT = resolve(import.meta.dirname, "..", "..", "..");
/** Where nobody listens. */
const ENV = { USER_VPS_URL: "http://127.0.0.1:1", USER_VPS_TOKEN: "fake-token-for-tests" };

/** These ask the service before they do anything else; of the others only the options are looked at. */
function asksTheService({ options = [] }: CliCommand): boolean {
  return options.some(({ flags }) => flags.startsWith("--reason"));
}

async function type(words: readonly string[]): Promise<void> {
  const program = buildProgram(async (command, args, options) => {
    if (!asksTheService(command)) return;
    const progress = { say: () => undefined, end: () => undefined };
    await command.run({ args, options, env: ENV, progress, program, signal: new AbortController().signal, show: () => undefined } as unknown as Invocation<never>);
  });
  await program.parseAsync([...words], { from: "user" });
}

/** Nobody listens, and nobody can be asked whether it is meant; or it is only named, without its arguments. */
function isTaken(error: unknown): boolean {
  if (error instanceof UserVpsError) return error.code === "API_UNREACHABLE" || error.code === "CANCELLED";
  return error instanceof CommanderError && error.code === "commander.missingArgument";
}

describe("the command lines that the documents tell", () => {
  for (const name of DOCUMENTS) {
    const lines = commandLinesIn(readFileSync(join(CHECKOUT, name), "utf8"));
    if (lines.length === 0) continue;

    it(`${name}: are taken`, async () => {
      const refused: string[] = [];
      for (const words of lines) await type(words).catch((error: unknown) => { if (!isTaken(error)) refused.push(`user-vps ${words.join(" ")}: ${messageOf(error)}`); });
      assert.deepEqual(refused, []);
    });
  }
});
