/**
 * `npm run docs`: writes the generated documents. `npm run docs:check`: fails, naming the file and
 * the first line that differs, if one of them is not as it would be written.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../../providers/core/errors.ts";
import { allDocuments, CHECKOUT, type Documents } from "./documents.ts";
import { firstDifference } from "./first-difference.ts";
import { openDocumentedWorld } from "./world.ts";

const isCheck = process.argv.includes("--check");
const say = (line: string) => console.error(line);

async function check(documents: Documents): Promise<void> {
  for (const [path, wanted] of documents) {
    const present = await readFile(join(CHECKOUT, path), "utf8").catch(() => "");
    const difference = firstDifference(present, wanted);
    if (!difference) continue;
    console.error(`${path}:${difference.lineNumber} is not current; \`npm run docs\` writes it anew.\n  is:     ${difference.present ?? "(end of file)"}\n  should: ${difference.wanted ?? "(end of file)"}`);
    process.exitCode = 1;
  }
  if (!process.exitCode) console.log(`${documents.size} generated documents are current`);
}

async function write(documents: Documents): Promise<void> {
  for (const [path, text] of documents) await writeFile(join(CHECKOUT, path), text);
  console.log(`${documents.size} documents written`);
}

try {
  const world = await openDocumentedWorld(say);
  try {
    const documents = await allDocuments(world, say);
    await (isCheck ? check(documents) : write(documents));
  } finally {
    await world.close();
  }
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
// A database client of the engine's may still hold the process open for seconds.
setTimeout(() => process.exit(), 1_000).unref();
