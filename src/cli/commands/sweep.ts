import type { SweepView } from "../../http/routes/drift.ts";
import type { CliCommand, Result } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { findingsText } from "../service-client/findings-view.ts";
import { answer, withService } from "../service-client/api.ts";
import type { ServiceApi } from "../service-client/api.ts";
import { allPages } from "../service-client/paths.ts";
import { timeoutOption, waitFor } from "../service-client/wait.ts";

interface Options {
  readonly wait?: boolean;
  readonly timeout?: number;
}

const TIMEOUT_SECONDS = 600;

/** POST /api/admin/sweeps, then GET /api/admin/findings */
export const sweep: CliCommand<Options> = {
  usage: "sweep",
  summary: "Is the whole fleet as declared? Changes nothing of it",
  details: "Has the service (USER_VPS_URL) compare every VM, DNS record and health with what is recorded, and shows what is open afterwards, also of earlier sweeps. One that waits already serves for everybody who asks.",
  options: [
    { flags: "--wait", description: "wait for its end (default)" },
    { flags: "--no-wait", description: "only ask for it; exit code 0" },
    timeoutOption("its end", TIMEOUT_SECONDS),
  ],
  examples: ["sweep", "sweep --timeout 60 --json", "sweep --no-wait"],
  answers: { 0: "nothing is open", 2: "something is open" },
  async run(invocation) {
    const { wait = true, timeout = TIMEOUT_SECONDS } = invocation.options;
    invocation.progress.say("asking the service for a sweep");
    return withService(invocation, async (service) => {
      const asked = await answer(service.POST("/api/admin/sweeps", { body: {} }));
      const { sweepId } = asked;
      if (!wait) return { data: { sweep: asked, findings: null }, text: `Sweep ${sweepId} is asked for; \`user-vps findings\` shows what it finds.` };
      invocation.progress.say(`sweep ${sweepId} goes on`);
      const ended = await waitFor(invocation, {
        what: `sweep ${sweepId} to end`, timeoutSeconds: timeout,
        async check() {
          const { items: [found] } = await answer(service.GET("/api/admin/sweeps", { params: { query: { limit: 1, cursor: String(sweepId + 1) } } }));
          return found?.outcome ? found : undefined;
        },
      });
      invocation.progress.end();
      return report(service, ended);
    });
  },
};

async function report(service: ServiceApi, ended: SweepView): Promise<Result> {
  const { sweepId, outcome, message, users, examined, apiCalls, seconds, previews } = ended;
  if (outcome !== "succeeded") return { data: { sweep: ended, findings: null }, text: `Sweep ${sweepId} ${outcome}: ${message ?? "nobody knows why"}`, exitCode: EXIT.failed };
  const open = await allPages((page) => service.GET("/api/admin/findings", { params: { query: { ...page, open: "true" } } }));
  const told = `Sweep ${sweepId}: ${examined} of ${users} users examined, ${apiCalls} API calls, ${seconds} s, ${previews} previews.`;
  return { data: { sweep: ended, findings: open }, text: `${told}\n\n${findingsText(open)}`, exitCode: open.length > 0 ? EXIT.found : EXIT.done };
}
