import { UserVpsError } from "../../../providers/core/errors.ts";
import { parseUsername } from "../../../stacks/username.ts";
import { FINDING_KIND_NAMES } from "../../drift/kinds.ts";
import type { FindingKind } from "../../drift/kinds.ts";
import type { CliCommand } from "../command.ts";
import { findingsText } from "../service-client/findings-view.ts";
import { withService } from "../service-client/api.ts";
import { allPages } from "../service-client/paths.ts";

interface Options {
  readonly all?: true;
  readonly kind?: FindingKind;
  readonly user?: string;
}

/** GET /api/admin/findings, all pages */
export const findings: CliCommand<Options> = {
  usage: "findings",
  summary: "What sweeps have found and what can be done about each",
  details: "Asks the service (USER_VPS_URL). REPAIR says whether `user-vps repair` would mend it; below it, why not.",
  options: [
    { flags: "--all", description: "also those that are resolved" },
    { flags: "--kind <kind>", description: "only of this kind, as VmStopped", parse: kind },
    { flags: "--user <username>", description: "only of this user", parse: parseUsername },
  ],
  examples: ["findings", "findings --kind OrphanVm", "findings --all --user alice --json"],
  async run(invocation) {
    const { all, kind: of, user } = invocation.options;
    invocation.progress.say("asking the service");
    const found = await withService(invocation, (service) => allPages((page) => service.GET("/api/admin/findings", { params: { query: { ...page, ...(of && { kind: of }), ...(user !== undefined && { username: user }), ...(all ? {} : { open: "true" }) } } })));
    return { data: found, text: findingsText(found, { resolved: all === true }) };
  },
};

function kind(given: string): FindingKind {
  const found = FINDING_KIND_NAMES.find((one) => one.toLowerCase() === given.toLowerCase());
  if (!found) throw new UserVpsError("INPUT_INVALID", `Expected one of ${FINDING_KIND_NAMES.join(", ")}, got '${given}'.`);
  return found;
}
