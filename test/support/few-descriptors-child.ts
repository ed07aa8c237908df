/** Looks for tagged processes while this process has hardly a descriptor left: `node few-descriptors-child.ts TAG-VALUE KEPT-MS`. */
import { findTagged } from "../../src/provisioning/process-tags.ts";
import { takeDescriptors } from "./no-descriptors.ts";

const [value, keptMs] = process.argv.slice(2);
// All that the looking loads is loaded.
await findTagged("worker", "nobody");
const { count, giveBack } = takeDescriptors();
setTimeout(giveBack, Number(keptMs));
const outcome = await findTagged("run", value!).then((pids) => ({ pids }), ({ code, next }: { code: string; next: string }) => ({ code, next }));
giveBack();
process.stdout.write(JSON.stringify({ held: count, outcome }), () => process.exit());
