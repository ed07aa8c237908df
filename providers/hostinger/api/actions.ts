/** Actions on a VM, and their states in the API's words and in the specification's. */

import { z } from "zod";

import { idSchema, momentSchema, stateSchema } from "./fields.ts";

/** OpenAPI, `VPS.V1.Action.ActionResource`; the last three are the specification's. */
export const ACTION_STATES = ["created", "sent", "delayed", "success", "error", "running", "completed", "failed"] as const;
export type ActionState = (typeof ACTION_STATES)[number] | (string & {});
export type SpecificationActionState = "running" | "completed" | "failed";

export const actionSchema = z
  .object({ id: idSchema, name: z.string().catch(""), state: stateSchema.transform((state): ActionState => state), created_at: momentSchema, updated_at: momentSchema })
  .transform((action) => ({
    id: action.id,
    name: action.name,
    state: action.state,
    createdAt: action.created_at,
    updatedAt: action.updated_at,
  }));

export type Action = z.output<typeof actionSchema>;

/** An unknown state counts as running: the wait goes on until its limit instead of failing or finishing wrongly. */
export function specificationState(action: { readonly state: ActionState }): SpecificationActionState {
  if (action.state === "success" || action.state === "completed") return "completed";
  if (action.state === "error" || action.state === "failed") return "failed";
  return "running";
}
