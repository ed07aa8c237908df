/** The Automation API, without the parts of Pulumi's SDK that it brings along and that no run needs, TypeScript above all: a quarter of a worker's start. */
import "../../stacks/lean-sdk.ts";

export { LocalWorkspace, Stack } from "@pulumi/pulumi/automation/index.js";
