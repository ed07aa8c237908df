/** Looks for tagged processes while this process has hardly a descriptor left: `node few-descriptors-child.ts TAG-VALUE KEPT-MS`. */
import { closeSync, openSync } from "node:fs";
import { findTagged } from "../../src/provisioning/process-tags.ts";

const [value, keptMs] = process.argv.slice(2);
// All that the looking loads is loaded.
await findTagged("worker", "nobody");
const held: number[] = [];
try {
  for (;;) held.push(openSync("/dev/null", "r"));
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== "EMFILE") throw error;
}
setTimeout(() => held.forEach((descriptor) => closeSync(descriptor)), Number(keptMs));
const outcome = await findTagged("run", value!).then((pids) => ({ pids }), ({ code, next }: { code: string; next: string }) => ({ code, next }));
held.forEach((descriptor) => { try { closeSync(descriptor); } catch { /* The timer has closed it. */ } });
process.stdout.write(JSON.stringify({ held: held.length, outcome }), () => process.exit());
