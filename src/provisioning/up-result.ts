/** What a successful `up` has come to, and how the records hold it. */
import type { z } from "zod";
import { UserVpsError } from "../../providers/core/errors.ts";
import type { Session } from "../../providers/hostinger/session.ts";
import type { Queryable } from "../db/queryable.ts";
import { noteCertificate, settleSuccess } from "../purchases/index.ts";
import { beginPhase, completeChange, notePaidUntil, notePoolMemberDelivered, notePoolMemberReady, saveCredentials, saveVpsResult, setVpsStatus } from "../records/index.ts";
import { setReplacedAside } from "./apply-change.ts";
import type { PlannedChange } from "./apply-change.ts";
import { readHostKey } from "./host-key.ts";
import type { OperationContext, OperationResult } from "./operation.ts";
import { endOf } from "./power.ts";
import { OUTPUTS } from "./stack-outputs.ts";

export interface RanUp {
  readonly changes: Readonly<Record<string, number>>;
  readonly outputs: z.output<typeof OUTPUTS>;
}

export interface FinishedUp extends RanUp {
  readonly planned: PlannedChange | undefined;
  /** VMs that were left over from a `replace` before, and are given up by now. */
  readonly leftOvers: readonly number[];
}

export function readOutputs(stackName: string, printed: unknown): RanUp["outputs"] {
  const outputs = OUTPUTS.safeParse(printed);
  if (outputs.success) return outputs.data;
  const names = outputs.error.issues.map(({ path }) => path.join(".")).join(", ");
  throw new UserVpsError("ENGINE_FAILED", `The run of the stack ${stackName} succeeded, but these outputs are not as expected: ${names}.`);
}

export async function resultOfUp(context: OperationContext, session: Session, { changes, outputs, planned, leftOvers }: FinishedUp): Promise<OperationResult> {
  const { settings, hooks, record, redactor } = context;
  const { userId } = record;
  const { address, url, vmId, orderId, subscriptionId, password, jwtSecret } = outputs;
  redactor.add(password, jwtSecret);
  const sshHostKey = await readHostKey(address, settings.sshPort, endOf(hooks));
  const replaced = new Set(leftOvers);
  if (planned?.change.kind === "replace" && vmId !== planned.change.vmId) replaced.add(planned.change.vmId);
  const paid = new Map<number, Date | undefined>();
  for (const id of replaced) paid.set(id, await setReplacedAside(session, { vmId: id, hostname: record.hostname }));
  return {
    changes,
    async save(db) {
      if (planned) await completeChange(db, planned.change, planned);
      for (const [id, paidUntil] of paid) await notePaidUntil(db, userId, id, paidUntil);
      await saveVpsResult(db, userId, {
        address, url, hostingerVmId: vmId,
        ...(sshHostKey && { sshHostKey }),
        // An adopted VM's order is not known; what was once known stays.
        ...(orderId && { hostingerOrderId: orderId }),
        ...(subscriptionId && { subscriptionId }),
      });
      await settleSuccess(db, userId, { vmId, orderId, subscriptionId });
      if (record.isPooled) await notePoolMemberReady(db, userId, vmId);
      else await noteDelivered(db, context, outputs);
      await beginPhase(db, { runId: hooks.runId, userId, phase: "done" });
      await setVpsStatus(db, userId, { status: "ready" });
    },
  };
}

/** What waits in a pool has no name that anybody certifies, and credentials that nobody is ever shown; a user's VPS has both. */
async function noteDelivered(db: Queryable, { cipher, record }: OperationContext, { hostname, password, jwtSecret, credentialsCreatedAt }: RanUp["outputs"]): Promise<void> {
  const { userId, credentialsRotation, poolMemberId } = record;
  await noteCertificate(db, hostname, userId);
  await saveCredentials(db, cipher, userId, { username: "spoq", hostname, password, jwtSecret }, credentialsRotation, credentialsCreatedAt);
  if (poolMemberId !== null) await notePoolMemberDelivered(db, userId);
}
