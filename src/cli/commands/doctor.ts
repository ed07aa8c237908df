import { ROLES } from "../../config/roles.ts";
import type { Role } from "../../config/roles.ts";
import type { CliCommand } from "../command.ts";
import type { Finding } from "../doctor/check.ts";
import { EXIT } from "../exit-codes.ts";
import { role } from "../argument-values.ts";

export const doctor: CliCommand<{ role?: Role }> = {
  usage: "doctor",
  summary: "Look at everything that is needed, and say how to mend what is not right",
  details: "Changes nothing and buys nothing. Exit code 1 if anything has to be mended.",
  options: [{ flags: "--role <role>", description: `whose settings: ${ROLES.join(", ")} (default: all)`, parse: role }],
  examples: ["doctor", "doctor --role worker --json"],
  async run({ env, options, progress, signal }) {
    progress.say("looking at Node, settings, engine, plugins, Hostinger, Cloudflare, payment, database, disk and the service");
    const { examine } = await import("../doctor/examine.ts");
    const findings = await examine({ env, signal }, options.role ?? "all");
    const isWell = findings.every(({ result }) => result !== "failed");
    return { data: { ok: isWell, checks: findings }, text: report(findings), exitCode: isWell ? EXIT.done : EXIT.failed };
  },
};

const MARKS = { ok: "ok     ", failed: "FAILED ", skipped: "skipped" } as const;
const INDENT = " ".repeat(23);

function report(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ check, result, found, mend }) => [
    `${MARKS[result]}  ${check.padEnd(12)}  ${found.trimEnd().replaceAll(/\n */g, `\n${INDENT}`)}`,
    ...(mend ? [`${INDENT}mend: ${mend}`] : []),
  ]);
  const count = findings.filter(({ result }) => result === "failed").length;
  return [...lines, "", count === 0 ? "Nothing to mend." : `${count} to mend.`].join("\n");
}
