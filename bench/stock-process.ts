/**
 * A service that uses the Automation API as its documentation has it: an inline program in a process
 * that lives on, `createOrSelectStack`, `setAllConfig`, `up`. By the SDK's own dynamic provider.
 */
import { LocalWorkspace } from "@pulumi/pulumi/automation/index.js";
import { messageOf } from "../providers/core/errors.ts";
import { PROJECT_NAME } from "../stacks/project-name.ts";
import { userVpsProgram } from "../stacks/program.ts";
import type { Operation } from "./ways.ts";
import { settingsOf } from "./ways.ts";

export interface StockRequest {
  readonly stackName: string;
  readonly operation: Operation;
  /** From which `@pulumi/pulumi` and `user-vps/…` resolve. */
  readonly workDir: string;
}

process.on("message", (request: StockRequest) => {
  perform(request).then(() => process.send?.({}), (error: unknown) => process.send?.({ error: messageOf(error) }));
});
process.on("disconnect", () => process.exit(0));
process.send?.({});

const secretsProvider = process.env["SECRETS_PROVIDER"];

async function perform({ stackName, operation, workDir }: StockRequest): Promise<void> {
  const stack = await LocalWorkspace.createOrSelectStack({ stackName, projectName: PROJECT_NAME, program: async () => userVpsProgram() }, { workDir, ...(secretsProvider !== undefined && { secretsProvider }) });
  await stack.setAllConfig(Object.fromEntries(Object.entries(settingsOf(stackName)).map(([name, value]) => [name, { value }])));
  if (operation === "preview") await stack.preview({ refresh: true });
  else if (operation === "destroy") await stack.destroy();
  else await stack.up();
}
