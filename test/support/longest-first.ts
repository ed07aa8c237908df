/**
 * The order of all files: unit, integration, end to end, and in each the longest first: one that began last would go
 * on alone, with the other processes idle. Vitest orders by durations that it remembers; where it has none yet, as in
 * CI, by size.
 */
import { BaseSequencer } from "vitest/node";
import type { TestSpecification } from "vitest/node";

export const PROJECTS = ["unit", "integration", "e2e"] as const;

/** Those that take longest, as measured, in each project the longest first. */
const LONGEST = [
  "slots", "retries", "process-tags",
  "web-purchases", "web-doubt", "db-connections", "web-actions", "web-page", "jobs-purchases", "purchase-table", "stand-ins", "web-pools", "web-keyboard", "cli-fleet", "web-fleet", "cli-stacks", "cli-boot-log", "cli-demo-stay", "cli-hostinger", "cli-release", "notifications-delivery", "web-drift", "cli-drift", "give-up-interrupted-purchase", "post-install-rootfs", "release-rootfs", "drift-worker", "handover-rootfs",
  "life-of-a-vps", "identity", "service-recovery", "changes-of-a-vps", "service-turns", "purchase-safety", "late-payment", "service-load", "fleet-drift", "service-crash", "service-operators", "service-pool", "release", "destructive-operations", "one-user", "drift", "service-roll-out",
];

export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return found < 0 ? LONGEST.length : found;
    };
    const group = ({ project }: TestSpecification) => PROJECTS.findIndex((name) => name === project.name);
    return (await super.sort(files)).toSorted((a, b) => group(a) - group(b) || place(a) - place(b));
  }
}
