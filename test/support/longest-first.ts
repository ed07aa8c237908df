/**
 * The end-to-end tests that take longest come first: one that began last would go on alone, with the
 * other processes idle. Vitest orders by durations that it remembers; where it has none yet, as in CI, by size.
 */
import { BaseSequencer } from "vitest/node";
import type { TestSpecification } from "vitest/node";

/** The longest first, as measured. */
const LONGEST = ["life-of-a-vps", "identity", "fleet-drift", "changes-of-a-vps", "late-payment", "service-crash", "service-load", "service-operators", "service-turns", "service-recovery"];

export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = LONGEST.findIndex((name) => moduleId.endsWith(`/test/e2e/${name}.test.ts`));
      return found < 0 ? LONGEST.length : found;
    };
    const group = ({ project }: TestSpecification) => project.config.sequence.groupOrder;
    return (await super.sort(files)).toSorted((a, b) => group(a) - group(b) || place(a) - place(b));
  }
}
