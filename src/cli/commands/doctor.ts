import { ROLES } from "../../config/roles.ts";
import type { Role } from "../../config/roles.ts";
import type { CliCommand, Invocation } from "../command.ts";
import type { Finding } from "../../doctor/index.ts";
import { EXIT } from "../exit-codes.ts";
import { role } from "../argument-values.ts";
import { answer, withService } from "../service-client/api.ts";
import { isLeftToService } from "../user-stack/at-hand.ts";

interface Options {
  readonly role?: Role;
  readonly service?: true;
}

/** GET /api/admin/doctor, where it is left to the service. */
export const doctor: CliCommand<Options> = {
  usage: "doctor",
  summary: "Look at everything that is needed, and say how to mend what is not right",
  details: "Changes nothing and buys nothing. Looks on this machine; where the stacks' passphrase is not set and the service is known (USER_VPS_URL, or `login`), a worker of the service looks where it is. With --role http or worker: what that role needs, by the settings of http.env or worker.env, as `init --split` writes them, where that file is in this folder. Exit code 1 if anything has to be mended.",
  options: [
    { flags: "--role <role>", description: `on this machine, with the settings of: ${ROLES.join(", ")} (default: all)`, parse: role },
    { flags: "--service", description: "ask the service in any case" },
  ],
  examples: ["doctor", "doctor --role http", "doctor --role worker --json", "doctor --service"],
  settingsOf: ({ role: of }) => of,
  async run(invocation) {
    const { role: of, service } = invocation.options;
    const findings = await (service || (of === undefined && isLeftToService(invocation.env)) ? atTheService(invocation) : here(invocation, of ?? "all"));
    const isWell = findings.every(({ result }) => result !== "failed");
    return { data: { ok: isWell, checks: findings }, text: report(findings), exitCode: isWell ? EXIT.done : EXIT.failed };
  },
};

async function here({ env, progress, signal }: Invocation, of: Role): Promise<Finding[]> {
  progress.say(`looking at Node, settings, ${of === "http" ? "" : "engine, plugins, Hostinger, Cloudflare, payment, "}database, disk and the service`);
  const [{ examine }, { checkService }] = await Promise.all([import("../../doctor/examine.ts"), import("../../doctor/service.ts")]);
  const [findings, ofService] = await Promise.all([examine({ env, signal }, of), checkService({ env, signal })]);
  return [...findings, ofService];
}

/** One that is away has that to be mended, before all else. */
async function atTheService(invocation: Invocation): Promise<Finding[]> {
  const { env, progress, signal } = invocation;
  progress.say("asking the service, which has a worker look");
  const [{ checkService }, { serviceUrl }] = await Promise.all([import("../../doctor/service.ts"), import("../service-client/reach-service.ts")]);
  // One that is no address is a check that fails, and no end of the command.
  const itself = await checkService({ env: { USER_VPS_URL: env["USER_VPS_URL"] || serviceUrl(env) }, signal });
  if (itself.result === "failed") return [itself];
  const { checks } = await withService(invocation, (service) => answer(service.GET("/api/admin/doctor")));
  return [...checks.map(({ check, result, found, mend }) => ({ check, result, found, ...(mend !== null && { mend }) })), itself];
}

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
