import { ROLES } from "../../config/index.ts";
import type { Role } from "../../config/index.ts";
import type { CliCommand } from "../command.ts";
import { CHECK_NAMES } from "../doctor/check.ts";
import type { Finding } from "../doctor/check.ts";
import { checkCloudflare } from "../doctor/cloudflare.ts";
import { checkDatabase } from "../doctor/database.ts";
import { checkDisk } from "../doctor/disk.ts";
import { checkEngine } from "../doctor/engine.ts";
import { checkHostinger } from "../doctor/hostinger.ts";
import { checkNode } from "../doctor/node.ts";
import { checkPlugins } from "../doctor/plugins.ts";
import { checkBooks, checkMoney } from "../doctor/money.ts";
import { checkService } from "../doctor/service.ts";
import { checkSettings } from "../doctor/settings.ts";
import { EXIT } from "../exit-codes.ts";
import { role } from "../values.ts";

export const doctor: CliCommand<{ role?: Role }> = {
  usage: "doctor",
  summary: "Look at everything that is needed, and say how to mend what is not right",
  details: "Changes nothing and buys nothing. Exit code 1 if anything has to be mended.",
  options: [{ flags: "--role <role>", description: `whose settings: ${ROLES.join(", ")} (default: all)`, parse: role }],
  examples: ["doctor", "doctor --role worker --json"],
  async run({ env, options, progress, signal }) {
    progress.say("looking at Node, settings, engine, plugins, Hostinger, Cloudflare, payment, database, disk and the service");
    const context = { env, signal };
    const looked = await Promise.all([checkEngine(env), checkPlugins(env), checkHostinger(context), checkCloudflare(context), checkDatabase(context), checkMoney(context), checkBooks(context), checkDisk(env), checkService(context)]);
    const findings = [checkNode(), checkSettings(env, options.role ?? "all"), ...looked.flat()].sort((a, b) => CHECK_NAMES.indexOf(a.check) - CHECK_NAMES.indexOf(b.check));
    signal.throwIfAborted();
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
