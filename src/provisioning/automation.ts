/** The Automation API, without the parts of Pulumi's SDK that serve neither the engine nor its events: half of what loading it takes. */
import "../../stacks/lean-sdk.ts";

export { LocalWorkspace, Stack } from "@pulumi/pulumi/automation/index.js";
