import "./lean-sdk.ts";

/** Entry of a plain `pulumi up` (Pulumi.yaml, `main`). A function, so that an output that a stack does not have is not there at all. */
export { userVpsProgram as default } from "./program.ts";
