import { CHECK_NAMES, type Finding } from "./check.ts";

export function inOrder(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => CHECK_NAMES.indexOf(a.check) - CHECK_NAMES.indexOf(b.check));
}
