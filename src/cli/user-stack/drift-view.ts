import type { StackDrift } from "../../drift/stack-drift.ts";
import { shortened, table } from "../output.ts";

/** A row for each property that differs; what `up` refuses is told once, below. */
export function driftText({ username, resources, refusal }: StackDrift): string {
  if (resources.length === 0 && refusal === null) return `${username}: as declared.`;
  const rows = resources.flatMap(({ resource, properties, whatUpWouldDo }) => {
    const wouldDo = whatUpWouldDo.startsWith("refused: ") ? "refuse, see below" : whatUpWouldDo;
    if (properties.length === 0) return [[resource, null, null, null, wouldDo]];
    return properties.map(({ name, declared, actual }) => [resource, name, shortened(declared), shortened(actual), wouldDo]);
  });
  const count = resources.length === 1 ? "1 resource" : `${resources.length} resources`;
  return [
    `${username}: ${count} not as declared.`, "",
    table(["RESOURCE", "PROPERTY", "DECLARED", "ACTUAL", "UP WOULD"], rows),
    ...(refusal === null ? [] : ["", `up would be refused: ${refusal}`]),
  ].join("\n");
}
