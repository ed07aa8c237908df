import type { OperationContext, OperationKind, OperationResult } from "./operation.ts";
import { stackRequestOf } from "./stack-request.ts";

/** Brings the state up to what is really there; changes nothing else. */
export const refresh: OperationKind = {
  from: ["ready", "failed"],
  waiting: undefined,
  async run({ engine, settings, record, hooks }: OperationContext): Promise<OperationResult> {
    const stack = stackRequestOf(record, settings);
    await engine.clearLeftovers(stack, hooks);
    const { changes } = await engine.refresh(stack, hooks);
    return { changes, save: async () => undefined };
  },
};
