import type { FindingView } from "../../http/routes/drift.ts";
import { answer, type ServiceApi } from "./api.ts";
import { ServiceRefusal } from "./refusal.ts";

export interface RepairDecision extends Pick<FindingView, "findingId" | "kind" | "subject"> {
  readonly decision: "queued" | "refused";
  /** What is done, or why nothing is. */
  readonly reason: string;
}

/**
 * Asks for the repair of each finding of one user. Once one is queued, the others that `up` mends
 * are served by the same run: asked for as well, they might be refused because it has begun.
 */
export async function decide(service: ServiceApi, findings: readonly FindingView[], why: string): Promise<RepairDecision[]> {
  const oldestFirst = findings.toSorted((a, b) => a.findingId - b.findingId);
  const mendable = oldestFirst.filter(({ repair }) => repair.by === "up");
  const decisions: RepairDecision[] = [];
  let queued: number | undefined;
  for (const finding of [...mendable, ...oldestFirst.filter((one) => !mendable.includes(one))]) {
    const { findingId, kind, subject, repair } = finding;
    const made = queued !== undefined && repair.by === "up" ? { decision: "queued" as const, reason: `The \`up\` for finding ${queued} mends it too.` } : await ask(service, findingId, why);
    if (made.decision === "queued") queued ??= findingId;
    decisions.push({ findingId, kind, subject, ...made });
  }
  return decisions.toSorted((a, b) => a.findingId - b.findingId);
}

async function ask(service: ServiceApi, findingId: number, why: string): Promise<Pick<RepairDecision, "decision" | "reason">> {
  try {
    const { decision, reason } = await answer(service.POST("/api/admin/findings/{id}/repair", { params: { path: { id: findingId } }, body: { why } }));
    return { decision, reason };
  } catch (error) {
    if (error instanceof ServiceRefusal && error.code === "STATUS_CONFLICT") return { decision: "refused", reason: error.message };
    throw error;
  }
}
