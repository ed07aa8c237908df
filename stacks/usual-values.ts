/** What a stack has where nothing else is said: for its own settings (stack-settings.ts) and the service's (src/config/variables.ts). */
import { DEFAULT_DATA_CENTER_ID, DEFAULT_PLAN_ID, DEFAULT_TEMPLATE_ID, findPlan } from "../providers/hostinger/api/specification.ts";

export const USUAL = Object.freeze({
  plan: findPlan(DEFAULT_PLAN_ID)!.itemId,
  templateId: DEFAULT_TEMPLATE_ID,
  dataCenterId: DEFAULT_DATA_CENTER_ID,
  domain: "spoq.dev",
  sshPort: 22,
  healthTimeoutSeconds: 900,
});
