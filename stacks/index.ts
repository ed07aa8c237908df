/** Entry of a plain `pulumi up` (Pulumi.yaml, `main`). */
import { userVpsProgram } from "./program.ts";

const outputs = userVpsProgram();

export const {
  username, hostname, url, address, vmId, orderId, subscriptionId, plan, dataCenterId, templateId,
  scriptId, recordId, healthy, releaseVersion, password, jwtSecret,
} = outputs;
