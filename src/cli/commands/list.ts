import { UserVpsError } from "../../../providers/core/errors.ts";
import { VPS_STATUSES, type VpsStatus } from "../../records/vps-record.ts";
import { VPS_SORTS } from "../../records/list-vps.ts";
import type { FindingKind } from "../../drift/kinds.ts";
import { id, wholeNumber } from "../argument-values.ts";
import type { CliCommand } from "../command.ts";
import { moment, shortened, table } from "../output.ts";
import { answer, withService } from "../service-client/api.ts";
import { allPages } from "../service-client/paths.ts";
import { statusLine } from "../user-record.ts";

interface Options {
  readonly status?: VpsStatus;
  readonly search?: string;
  readonly plan?: string;
  readonly dataCenter?: number;
  readonly release?: string;
  readonly findings?: string;
  readonly sort?: (typeof VPS_SORTS)[number];
  readonly desc?: true;
  readonly limit?: number;
  readonly all?: true;
}

const DEFAULT_LIMIT = 50;

/** GET /api/admin/vps */
export const list: CliCommand<Options> = {
  usage: "list",
  summary: "The users and how their VPSs are",
  details: "By user name, unless --sort says otherwise. STATUS says what is being done or what is wrong; `status USERNAME` says more.",
  options: [
    { flags: "--status <status>", description: `only those: ${VPS_STATUSES.join(", ")}`, parse: vpsStatus },
    { flags: "--search <text>", description: "a part of the user name, host name, address or user id" },
    { flags: "--plan <item>", description: "only with this item of Hostinger's catalog" },
    { flags: "--data-center <id>", description: "only there", parse: id },
    { flags: "--release <version>", description: "only who has got this release last; `none`: nobody's yet" },
    { flags: "--findings <kind>", description: "only with open findings (`any`), without (`none`), or with one of this kind, as VmStopped" },
    { flags: "--sort <by>", description: `${VPS_SORTS.join(", ")} (default: name)`, parse: sortBy },
    { flags: "--desc", description: "the other way round" },
    { flags: "--limit <count>", description: `at most so many, 1 to 200 (default: ${DEFAULT_LIMIT})`, parse: wholeNumber },
    { flags: "--all", description: "all of them" },
  ],
  examples: ["list", "list --status failed --sort age", "list --findings any", "list --search 192.0.2.7 --json", "list --all --json"],
  async run(invocation) {
    const { status, search, plan, dataCenter, release, findings, sort, desc, limit = DEFAULT_LIMIT, all } = invocation.options;
    const filter = {
      ...(status && { status }), ...(search !== undefined && { search }), ...(plan !== undefined && { plan }), ...(dataCenter !== undefined && { dataCenterId: dataCenter }),
      ...(release !== undefined && { release }), ...(findings !== undefined && { findings: findings as FindingKind | "any" | "none" }), ...(sort && { sort }), ...(desc && { order: "desc" as const }),
    };
    invocation.progress.say("asking the service");
    return withService(invocation, async (service) => {
      const page = all ? undefined : await answer(service.GET("/api/admin/vps", { params: { query: { ...filter, limit } } }));
      const items = page?.items ?? (await allPages((query) => service.GET("/api/admin/vps", { params: { query: { ...filter, ...query } } })));
      const rows = items.map((vps) => [vps.username, shortened(statusLine(vps)), vps.plan, vps.dataCenter.city ?? vps.dataCenter.id, vps.address, vps.vmId, vps.release, vps.openFindings === 0 ? null : vps.openFindings, moment(vps.requestedAt)]);
      const more = page && page.nextCursor !== null ? `\n\n${items.length} of ${page.total}. There are more: --all, or a filter.` : "";
      return { data: items, text: table(["USER", "STATUS", "PLAN", "DATA CENTER", "ADDRESS", "VM", "RELEASE", "FINDINGS", "ASKED FOR (UTC)"], rows, "nobody") + more };
    });
  },
};

function sortBy(given: string): (typeof VPS_SORTS)[number] {
  const found = VPS_SORTS.find((one) => one === given);
  if (!found) throw new UserVpsError("INPUT_INVALID", `Expected one of ${VPS_SORTS.join(", ")}, got '${given}'.`);
  return found;
}

function vpsStatus(given: string): VpsStatus {
  const found = VPS_STATUSES.find((one) => one === given);
  if (!found) throw new UserVpsError("INPUT_INVALID", `Expected one of ${VPS_STATUSES.join(", ")}, got '${given}'.`);
  return found;
}
