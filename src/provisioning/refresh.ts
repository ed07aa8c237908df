import { AT_REST_STATUSES } from "../records/index.ts";
import type { OperationContext, OperationKind, OperationResult } from "./operation.ts";
import { declaredStack } from "./declared-stack.ts";

/** Brings the state up to what is really there; changes nothing else. */
export const refresh: OperationKind = {
  from: AT_REST_STATUSES,
  waiting: undefined,
  async run({ pool, engine, settings, record, hooks }: OperationContext): Promise<OperationResult> {
    const stack = await declaredStack(pool, record, settings);
    await engine.clearInterruptedRun(stack, hooks);
    const { changes } = await engine.refresh(stack, hooks);
    return { changes, save: async () => undefined };
  },
};
