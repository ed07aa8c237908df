import { z } from "zod";

/** The stack's outputs as stacks/program.ts has them, as far as they are recorded. */
export const OUTPUTS = z.object({
  address: z.string(),
  hostname: z.string(),
  url: z.string(),
  vmId: z.number(),
  orderId: z.string().nullish(),
  subscriptionId: z.string().nullish(),
  healthy: z.literal(true),
  password: z.string().min(1),
  jwtSecret: z.string().min(1),
  credentialsCreatedAt: z.iso.datetime().optional(),
});

/** Of them, what the user is shown, and when it was made. */
export const CREDENTIALS_OUTPUTS = OUTPUTS.pick({ hostname: true, password: true, jwtSecret: true, credentialsCreatedAt: true });
