/** docs/transcripts.md: runs the sections' commands one after the other and writes down what they print. */
import { COMMANDS } from "../../../src/cli/commands/index.ts";
import { block, page } from "../markdown.ts";
import type { DocumentedWorld } from "../world.ts";
import { createNormaliser, type Normaliser } from "./normalise.ts";
import { SECTIONS } from "./sections.ts";
import type { Section, Step } from "./transcript.ts";

export async function transcriptsPage(world: DocumentedWorld, say: (line: string) => void): Promise<string> {
  const normaliser = createNormaliser(world.places);
  const parts: string[] = [];
  for (const section of SECTIONS) parts.push(...(await sectionParts(section, world, normaliser, say)));
  return page(
    "Transcripts",
    "Every command below was run by `npm run docs`, in this order, against a sandbox and a service with a PostgreSQL of its own; what they print is what they printed. Times, ids, ports and folders are replaced by fixed ones, answers in JSON are indented, and lines that tell of progress or of this machine are left out, so that two runs give the same text. `user-vps` is `npx user-vps` in the checkout.",
    ...parts,
  );
}

async function sectionParts({ title, text, steps }: Section, world: DocumentedWorld, normaliser: Normaliser, say: (line: string) => void): Promise<string[]> {
  const present = steps.filter(isThere);
  const parts = present.length > 0 ? [`## ${title}`, text] : [];
  for (const step of present) {
    await step.before?.(world);
    say(`$ ${step.run}`);
    if (step.text) parts.push(step.text);
    parts.push(block(await shown(step, world, normaliser), "console"));
  }
  return parts;
}

/** Commands are named by their first word, as they are in `--help`. */
function isThere({ command, unlessCommand }: Step): boolean {
  const has = (name: string) => COMMANDS.some(({ usage }) => usage.split(" ")[0] === name);
  return (command === undefined || has(command)) && (unlessCommand === undefined || !has(unlessCommand));
}

async function shown({ run, only, exitCode: wanted = 0 }: Step, world: DocumentedWorld, normaliser: Normaliser): Promise<string> {
  const { text, exitCode } = await world.shell(run);
  if (exitCode !== wanted) throw new Error(`'${run}' ended with ${exitCode}, expected ${wanted}:\n${text}`);
  const lines = normaliser.normalise(only ? text.split("\n").filter((line) => only.test(line)).join("\n") : text);
  return [`$ ${run}`, lines, ...(wanted === 0 ? [] : [`[exit code ${wanted}]`])].filter((line) => line !== "").join("\n");
}
