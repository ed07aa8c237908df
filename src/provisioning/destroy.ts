import { discardCredentials, setVpsStatus } from "../records/index.ts";
import type { OperationContext, OperationKind, OperationResult } from "./operation.ts";
import { stackRequestOf } from "./stack-request.ts";

/** Gives the user's VPS up: DNS record and script go, the VM is stopped and no longer renewed. */
export const destroy: OperationKind = {
  from: ["deprovisioning"],
  waiting: "deprovisioning",
  run: deprovision,
};

async function deprovision({ pool, engine, settings, record, hooks }: OperationContext): Promise<OperationResult> {
  const { userId } = record;
  const stack = stackRequestOf(record, settings);
  await setVpsStatus(pool, userId, { status: "deprovisioning" });
  await engine.clearLeftovers(stack, hooks);
  const { changes } = await engine.destroy(stack, hooks);
  return {
    changes,
    async save(db) {
      await discardCredentials(db, userId);
      await setVpsStatus(db, userId, { status: "deprovisioned", phase: null });
    },
  };
}
